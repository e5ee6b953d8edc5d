"""Where a contract run finds its flows, hooks and mutants. They are tests, so the engine loads them by name."""

from collections.abc import Mapping
from functools import cache
from importlib import import_module

from scripts import ROOT
from scripts.contract.flows.flow import Flow

SUITE = "tests.contract"
HOOKS = f"{SUITE}.hooks"
MUTANTS = ROOT.joinpath(*SUITE.split("."), "mutants")
"""The folder of the declared mutants."""


@cache
def load_flows() -> Mapping[str, Flow]:
    """Import the flows; returns them by name, in the order in which they run."""
    flows: Mapping[str, Flow] = import_module(f"{SUITE}.flows").FLOWS
    return flows
