"""Tests of `buildkite_emulator.testing`."""
