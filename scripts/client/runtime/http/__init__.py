"""How one call is made: its arguments, credentials and path, retries, rate limits, and the parsing of the response."""
