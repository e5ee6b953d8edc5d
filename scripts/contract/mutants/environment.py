"""Puts the layer around an emulator where the environment names a mutant."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from starlette.types import ASGIApp

from scripts.contract.mutants.declaring import load, pick
from scripts.contract.mutants.layer import Layer
from scripts.contract.suite import MUTANTS

FAILURE = "mutant-failed.txt"
"""The file in the folder of results that says what went wrong in a mutant."""


def mutated(app: ASGIApp, tokens: Mapping[str, Iterable[str]], environment: Mapping[str, str]) -> ASGIApp:
    """Put the layer around an emulator's application, or give the application back where no mutant is named.

    Args:
        app: the application.
        tokens: access tokens of the emulator with their scopes; one of them has every scope.
        environment: ``MUTANT`` names the mutant; ``MUTANTS`` the module or folder that declares it, if it is not one
            of these tests' own; in the folder ``RESULTS`` it is written down where the mutant itself fails.

    Raises:
        MutantsError: there is no such mutant.
    """
    name = environment.get("MUTANT")
    if not name:
        return app
    chosen = pick(load(Path(environment.get("MUTANTS") or MUTANTS)), name)

    def note(error: Exception) -> None:
        if folder := environment.get("RESULTS"):
            Path(folder).mkdir(parents=True, exist_ok=True)
            (Path(folder) / FAILURE).write_text(f"{type(error).__name__}: {error}\n", encoding="utf-8")

    return Layer(app, chosen.operations, chosen.behaviour, tokens, note)
