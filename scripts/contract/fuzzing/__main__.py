"""Runs schemathesis' command line with bounds on the answers that `requests` reads."""

import schemathesis.cli

from scripts.contract.http.bounded import bound_requests

if __name__ == "__main__":
    bound_requests()  # before the hooks are loaded, so that the guard of a live run goes around it
    schemathesis.cli.schemathesis()
