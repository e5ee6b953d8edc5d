"""Schemathesis in a contract run, and what it fuzzes with."""
