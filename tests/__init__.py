"""Tests, by the part that they are of."""
