"""How responses are compared with the API's description; the checker needs the extra `drift`.

from buildkite_packages.drift import Checker, Drift
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .checker import Checker, Drift

__all__ = ["Checker", "Drift"]


def __getattr__(name: str) -> object:
    """Load the checker when it is first used: most clients check nothing."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from . import checker  # noqa: PLC0415

    value: object = getattr(checker, name)
    globals()[name] = value
    return value
