"""How requests leave and responses are read."""
