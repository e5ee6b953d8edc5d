"""Tests of the emulator's page in a real browser, which `make browser` runs."""
