"""Emulators for tests: on a port (`RunningEmulator`), or in process without a socket (the transports).

Each is imported at its first use, since pytest imports this package in every run, for the plugin.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from buildkite_emulator.testing.running import RunningEmulator
    from buildkite_emulator.testing.transport import AsyncEmulatorTransport, EmulatorTransport

__all__ = ["AsyncEmulatorTransport", "EmulatorTransport", "RunningEmulator"]


def __getattr__(name: str) -> object:
    """Import a public name at its first use."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = "running" if name == "RunningEmulator" else "transport"
    return getattr(import_module(f"{__name__}.{module}"), name)
