"""Tests of the generated client and of the package that carries it."""
