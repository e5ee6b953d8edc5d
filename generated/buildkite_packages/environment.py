"""The environment variables that settings come from; Buildkite's own command line tool reads the same."""

TOKEN = "BUILDKITE_API_TOKEN"  # noqa: S105 - the name of a variable
ORGANIZATION = "BUILDKITE_ORGANIZATION_SLUG"
ENDPOINT = "BUILDKITE_REST_API_ENDPOINT"

VARIABLES = {"token": TOKEN, "organization": ORGANIZATION, "base_url": ENDPOINT}
"""The variable of each setting."""
