"""Compares two states of the spec, and says of each change whom it breaks."""
