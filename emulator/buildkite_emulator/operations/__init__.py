"""The rules of each operation: one function per operationId, and a table of them all."""

from collections.abc import Mapping
from types import ModuleType
from typing import Any

from buildkite_emulator.api.context import Handler
from buildkite_emulator.operations import packages, registries, registry_tokens
from buildkite_emulator.spec import Spec

MODULES: tuple[ModuleType, ...] = (registries, registry_tokens, packages)


def handlers(spec: Spec) -> Mapping[str, Handler]:
    """Find the handler of each operation: the function of its name.

    Raises:
        RuntimeError: an operation of the spec has no handler, or a handler no operation.
    """
    found = {
        name: function
        for module in MODULES
        for name, function in vars(module).items()
        if getattr(function, "__module__", None) == module.__name__ and callable(function) and is_handler(function)
    }
    if found.keys() != spec.operations.keys():
        missing = ", ".join(sorted(spec.operations.keys() - found.keys())) or "none"
        extra = ", ".join(sorted(found.keys() - spec.operations.keys())) or "none"
        raise RuntimeError(f"operations without a handler: {missing}; handlers without an operation: {extra}")
    return found


def is_handler(function: Any) -> bool:
    """Tell a handler, whose only argument is the request context, from a helper beside it."""
    return set(getattr(function, "__annotations__", ())) == {"context", "return"}
