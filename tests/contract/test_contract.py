"""The contract run in small and in this process: the same settings and hooks, with few examples, the same each time."""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from buildkite_emulator.server import build
from buildkite_emulator.spec import Spec
from buildkite_emulator.transport import EmulatorTransport
from buildkite_packages import AuthenticatedClient
from hypothesis import HealthCheck, settings

from tests.contract import hooks
from tests.contract.__main__ import BUNDLE, table
from tests.contract.emulator import repeatable
from tests.contract.world import World

TOKEN = "contract-token"  # noqa: S105 - of an emulator in this process
ORGANIZATION = "contract"
BOUNDED = settings(
    max_examples=8,
    stateful_step_count=6,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def api() -> Iterator[schemathesis.BaseSchema]:
    """Give the schema of an emulator in this process, whose world the hooks use."""
    emulator = build(organizations=[ORGANIZATION], tokens={TOKEN: Spec.load().scopes}, identity=repeatable(1))
    arguments = {"transport": EmulatorTransport(emulator.app)}
    with AuthenticatedClient(base_url="http://testserver", token=TOKEN, httpx_args=arguments) as client:
        hooks.worlds.append(World(client, ORGANIZATION))
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("BUILDKITE_API_TOKEN", TOKEN)
            schema = schemathesis.openapi.from_path(BUNDLE)
        schema.app = emulator.app
        yield schema
        hooks.worlds.pop()
    emulator.close()


schema = schemathesis.pytest.from_fixture("api")


@schema.parametrize()
@BOUNDED
def test_every_operation_keeps_to_the_spec(case: schemathesis.Case[Any]) -> None:
    """Each operation answers valid and invalid requests as the spec says."""
    case.call_and_validate()


def test_chains_of_calls_keep_to_the_spec(api: schemathesis.BaseSchema) -> None:
    """What one operation returns works as the input of the next, along the spec's links."""
    api.as_state_machine().run(settings=BOUNDED)


def test_an_operation_that_rarely_ends_well_is_named() -> None:
    """The table of a run counts calls by outcome, and names the operations that a run did not drive."""
    text, rare = table({name: {"2xx": 20, "4xx": 3} for name in Spec.load().operations} | {"get_package": {"4xx": 9}})
    assert rare == ["get_package"]
    assert "get_registry              23     20      3" in text
