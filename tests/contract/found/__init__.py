"""Test cases that contract runs made of what they found, and that were worth keeping.

A run writes them to ``reports/found/``; copied here they run with ``make test``, against an emulator in memory. Each
fails as long as the drift is there. `scripts.contract.replay.replay` documents what they are written with.
"""
