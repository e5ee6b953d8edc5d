"""An emulator in tests: on a port (`RunningEmulator`), or in the process without a socket (the transports).

Each loads when it is first used: pytest imports this package in every run, for the plugin beside.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from buildkite_emulator.testing.running import RunningEmulator
    from buildkite_emulator.testing.transport import AsyncEmulatorTransport, EmulatorTransport

__all__ = ["AsyncEmulatorTransport", "EmulatorTransport", "RunningEmulator"]


def __getattr__(name: str) -> object:
    """Load what is asked for."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = "running" if name == "RunningEmulator" else "transport"
    return getattr(import_module(f"{__name__}.{module}"), name)
