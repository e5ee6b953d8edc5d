"""Exit statuses beyond 0, 1 and 2."""

INTERRUPTED = 130
"""After Ctrl-C: 128 and the number of the signal."""
