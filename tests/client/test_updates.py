"""Updates: what is given changes, what is None is cleared, and what is left out stays."""

from typing import Any

import pytest

from buildkite_emulator.testing import RunningEmulator
from tests.support.client import Kind, count

pytestmark = pytest.mark.slow


def test_an_update_changes_and_clears(kind: Kind, buildkite_emulator: RunningEmulator) -> None:
    """One method updates a registry: what is None is cleared, and what is left out stays."""
    client: Any = kind.of(buildkite_emulator)
    kind.run(client.registries.create(name="files", ecosystem="files"))
    changed = kind.run(client.registries.update("files", emoji=":gem:", color="#0b7a75"))
    assert (changed.emoji, changed.color) == (":gem:", "#0b7a75")
    cleared = kind.run(client.registries.update("files", emoji=None))
    assert (cleared.emoji, cleared.color) == (None, "#0b7a75")
    assert count(buildkite_emulator, "update_registry") == 2
