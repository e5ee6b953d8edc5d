"""Servers that benchmarks, contract runs and tests start, and requests to them."""
