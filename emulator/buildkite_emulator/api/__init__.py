"""The way of a request to its handler: authenticated, routed, validated, and its answer rendered."""
