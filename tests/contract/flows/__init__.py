"""The hand-written flows: what a fuzzer does not find, because only what went before says what an answer must be.

To add one, write a function in the module of its subject, and decorate it with `flow`.
"""

from importlib import import_module

from tests.contract.flows.flow import FLOWS, Flow, flow

__all__ = ["FLOWS", "Flow", "flow"]

SUBJECTS = (
    "reading",
    "registries",
    "updates",
    "registry_tokens",
    "packages",
    "pages",
    "copies",
    "missing",
    "access",
    "rate_limits",
    "client",
)

for subject in SUBJECTS:
    import_module(f"{__name__}.{subject}")
