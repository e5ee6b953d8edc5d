"""OIDC tokens: who issues them, whether one is valid, and whether a registry's policy admits its claims."""
