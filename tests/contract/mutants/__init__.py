"""The declared mutants. What they are written with is in `scripts.contract.mutants`, and can be imported from here."""

from scripts.contract.mutants import *  # noqa: F403
from scripts.contract.mutants import __all__ as __all__
