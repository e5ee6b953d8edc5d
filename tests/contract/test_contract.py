"""The contract run in small and in this process: the same settings and hooks, with few examples, the same each time."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.schemas import OpenApiSchema

from buildkite_emulator.operations import registries, results
from buildkite_emulator.server import build
from buildkite_emulator.spec import Spec
from buildkite_emulator.testing import EmulatorTransport
from buildkite_packages import AuthenticatedClient
from scripts.contract.__main__ import rare
from scripts.contract.emulator import repeatable
from scripts.contract.fuzzing.fixture_factory import FixtureFactory
from scripts.contract.results import BUNDLE, Results
from scripts.samples.ecosystems import BUILDERS
from tests.contract import hooks

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
    """Give the schema of an emulator in this process, whose fixtures the hooks use."""
    emulator = build(organizations=[ORGANIZATION], tokens={TOKEN: Spec.load().scopes}, identity=repeatable(1))
    arguments = {"transport": EmulatorTransport(emulator.app)}
    with AuthenticatedClient(base_url="http://localhost", token=TOKEN, httpx_args=arguments) as client:
        hooks.fixture_factories.append(FixtureFactory(client, ORGANIZATION))
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("BUILDKITE_API_TOKEN", TOKEN)
            schema = schemathesis.openapi.from_path(BUNDLE)
        schema.app = emulator.app
        yield schema
        hooks.fixture_factories.pop()
    emulator.close()


schema = schemathesis.pytest.from_fixture("api")


@pytest.mark.slow
@schema.parametrize()
@BOUNDED
def test_every_operation_keeps_to_the_spec(case: schemathesis.Case[Any]) -> None:
    """Each operation answers valid and invalid requests as the spec says."""
    case.call_and_validate()


def test_chains_of_calls_keep_to_the_spec(api: schemathesis.BaseSchema) -> None:
    """What one operation returns works as the input of the next, along the spec's links."""
    api.as_state_machine().run(settings=BOUNDED)


def test_an_operation_that_rarely_ends_well_is_named(tmp_path: Path) -> None:
    """The operations that a run did not drive are named, by what all its processes saw."""
    results = Results(tmp_path / "1-of-1.jsonl")
    for _ in range(2):
        answers = {name: {"200": 10, "404": 3} for name in Spec.load().operations}
        results.write("seen", answers=answers | {"get_package": {"404": 19, "200": 9}})
    assert rare(results.path) == ["get_package"]


@pytest.mark.parametrize("missing", ["slug", "ecosystem", "oidc_policy"])
def test_an_answer_that_lacks_a_property_is_noticed(
    api: OpenApiSchema, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    """An API that leaves a promised property out of its answer does not pass."""
    fixtures = hooks.current_fixtures()
    for ecosystem in BUILDERS:  # before the API is broken, so that the hooks have no need of it
        fixtures.registry(ecosystem)
    parameters = {"org_slug": fixtures.organization, "registry_slug": fixtures.registry("files")}
    case = api.find_operation_by_id("get_registry").Case(path_parameters=parameters)
    headers = {"Authorization": f"Bearer {TOKEN}"}
    assert case.call_and_validate(headers=headers).status_code == 200
    whole = results.registry_result
    monkeypatch.setattr(
        registries,
        "registry_result",
        lambda *given: {name: value for name, value in whole(*given).items() if name != missing},
    )
    with pytest.raises(FailureGroup) as failures:
        case.call_and_validate(headers=headers)
    assert f'"{missing}" is a required property' in "".join(map(str, failures.value.exceptions))


def test_processes_of_a_run_make_no_name_twice() -> None:
    """What a process makes has other names than what the processes before it made."""
    client = AuthenticatedClient(base_url="http://localhost", token=TOKEN)
    first, second = FixtureFactory(client, ORGANIZATION), FixtureFactory(client, ORGANIZATION, sent=10)
    taken = {first.number() for _ in range(10 * 8)}  # each of ten requests made a registry, a package and a name
    assert not taken & {second.number() for _ in range(1000)}
