"""Tests of the spec and of what is made from it."""
