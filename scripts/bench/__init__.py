"""Compares speeds, everything side by side in one run: ``python -m scripts.bench``, or with names to pick some.

A module here measures one thing: its `measure` yields ratios, and `__main__` has the list of modules.
"""
