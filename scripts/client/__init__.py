"""The client: generated from the spec and from `runtime/`, and vendored."""
