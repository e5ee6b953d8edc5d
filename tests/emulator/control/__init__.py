"""Tests of `buildkite_emulator.control`."""
