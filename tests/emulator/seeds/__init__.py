"""Tests of `buildkite_emulator.seeds`."""
