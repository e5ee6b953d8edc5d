"""Reducing a finding to a test that can be run again."""
