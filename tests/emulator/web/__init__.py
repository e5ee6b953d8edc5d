"""Tests of `buildkite_emulator.web`."""
