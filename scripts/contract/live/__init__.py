"""Contract runs against a live organization: the guard, the ledger, the pace and the clean-up."""
