"""Tests of `buildkite_emulator.storage`."""
