"""Tests of how OIDC tokens are verified and matched."""
