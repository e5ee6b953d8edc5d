"""Recorded traffic: read, redacted and checked against the spec."""
