"""The operations of the API as methods, by what they are about."""
