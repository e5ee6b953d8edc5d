"""An emulator in tests: on a port (`RunningEmulator`), or in the process without a socket (the transports)."""

from buildkite_emulator.testing.running import RunningEmulator
from buildkite_emulator.testing.transport import AsyncEmulatorTransport, EmulatorTransport

__all__ = ["AsyncEmulatorTransport", "EmulatorTransport", "RunningEmulator"]
