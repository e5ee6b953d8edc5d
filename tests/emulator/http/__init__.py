"""Tests of `buildkite_emulator.http`."""
