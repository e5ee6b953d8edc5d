"""OIDC tokens: who issues them, whether one is valid, and what a registry's policy makes of its claims."""
