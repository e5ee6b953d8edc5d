"""The hand-written flows: what a fuzzer does not find, because only what went before says what an answer must be.

To add one, write a function in the module of its subject, and decorate it with `flow`.
"""

from importlib import import_module

from scripts.contract.flows.flow import DECLARED, Flow, flow

__all__ = ["FLOWS", "Flow", "flow"]

SUBJECTS = (
    "registries",
    "updates",
    "round_trips",
    "registry_tokens",
    "access",
    "oidc",
    "packages",
    "presigned",
    "times",
    "wire",
    "files",
    "pages",
    "copies",
    "missing",
    "rate_limits",
    "client",
    "reading",
)
"""In the order in which they run."""

for subject in SUBJECTS:
    import_module(f"{__name__}.{subject}")
FLOWS = dict(sorted(DECLARED.items(), key=lambda item: SUBJECTS.index(item[1].run.__module__.rpartition(".")[2])))
"""All flows, by name."""
