"""The engine of contract runs; the flows, hooks and mutants that it runs are in `tests/contract`."""
