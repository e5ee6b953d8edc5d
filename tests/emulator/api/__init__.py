"""Tests of `buildkite_emulator.api`."""
