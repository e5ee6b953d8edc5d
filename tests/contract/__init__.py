"""Contract tests: does an API answer as the spec says?"""
