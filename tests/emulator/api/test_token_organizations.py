"""Access tokens that are for some organizations: elsewhere it is as if there were no organization."""

from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from buildkite_emulator.server import build
from buildkite_emulator.testing import RunningEmulator
from scripts.servers.api import SPEC, Api
from tests.support.emulators import fresh

SEED = """
organizations: [one, two]
tokens:
  - token: everywhere
  - {token: only-two, organizations: [two]}
  - {token: nowhere, organizations: []}
  - {token: reads-one, organizations: [one], scopes: [read_packages]}
registries:
  - {name: mine, ecosystem: files, organization: one}
"""


@pytest.fixture
def seed(tmp_path: Path) -> Path:
    """Write a seed."""
    path = tmp_path / "seed.yaml"
    path.write_text(SEED)
    return path


def statuses(api: Api, token: str, operation: str = "list_registries") -> dict[str, int]:
    """Call an operation in each organization, and in one that there is not."""
    return {slug: api.call(operation, organization=slug, token=token).status_code for slug in ("one", "two", "three")}


def check(api: Api) -> None:
    """See what the tokens of the seed may do where."""
    assert statuses(api, "everywhere") == {"one": 200, "two": 200, "three": 404}
    assert statuses(api, "only-two") == {"one": 404, "two": 200, "three": 404}
    assert statuses(api, "nowhere") == {"one": 404, "two": 404, "three": 404}
    assert statuses(api, "reads-one") == {"one": 403, "two": 404, "three": 404}
    assert statuses(api, "unknown") == {"one": 401, "two": 401, "three": 401}


def test_a_token_of_a_seed_is_for_its_organizations(seed: Path) -> None:
    """Elsewhere every operation is answered with the 404 of an unknown organization, and does nothing."""
    with fresh(seed=seed) as api:
        check(api)
        unknown = api.call("list_registries", organization="three", token="only-two")  # noqa: S106 - as in the seed
        for operation in SPEC.operations.values():
            path = ["mine", "01900000-0000-7000-8000-000000000000"][: len(operation.collections) - 1]
            refused = api.call(operation.id, *path, organization="one", token="only-two", json={"name": "x"})  # noqa: S106
            assert (refused.status_code, refused.json()) == (404, unknown.json())
        assert [each["slug"] for each in api.ok("list_registries", organization="one", token="everywhere")] == ["mine"]  # noqa: S106


def test_a_state_keeps_the_organizations(seed: Path, tmp_path: Path) -> None:
    """What a state is written of is there again in an emulator that begins with it, made tokens too."""
    with fresh(seed=seed) as api:
        made = api.client.post("/_emulator/tokens", json={"organizations": ["one"]}).json()["token"]
        assert statuses(api, made) == {"one": 200, "two": 404, "three": 404}
        state = tmp_path / "state.yaml"
        state.write_bytes(api.client.get("/_emulator/state").content)
    listed = [token.get("organizations") for token in yaml.safe_load(state.read_text())["tokens"]]
    assert listed == [None, ["two"], [], ["one"], ["one"]]
    with fresh(seed=state) as api:
        check(api)
        assert statuses(api, made) == {"one": 200, "two": 404, "three": 404}


def test_a_made_token_lasts_in_the_data(tmp_path: Path) -> None:
    """A token that is made for an organization is for that one at the next start, too."""
    options: dict[str, Any] = {"data": tmp_path, "organizations": ["one", "two"]}
    with fresh(**options) as api:
        made = api.client.post("/_emulator/tokens", json={"organizations": ["two"]}).json()["token"]
    with fresh(**options) as api:
        assert statuses(api, made) == {"one": 404, "two": 200, "three": 404}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"organizations": "my-org"}, "`organizations` should be a list of slugs of organizations"),
        ({"organizations": ["my-ogr"]}, "there is no organization `my-ogr`; did you mean `my-org`?"),
    ],
)
def test_a_wrong_organization_makes_no_token(api: Api, body: dict[str, Any], reason: str) -> None:
    """`/_emulator/tokens` says what is wrong with an organization."""
    answer = api.client.post("/_emulator/tokens", json=body)
    assert (answer.status_code, answer.json()) == (422, {"message": reason})


def test_a_wrong_organization_in_a_seed_is_told(tmp_path: Path) -> None:
    """A seed's token for an organization that is not in the seed is told with its line."""
    path = tmp_path / "seed.yaml"
    path.write_text("organizations: [one]\ntokens:\n  - token: t\n    organizations: [oen]\n")
    with pytest.raises(Exception, match=r"seed.yaml, line 4: there is no organization `oen` for a token; did you mean"):
        build(seed=path)


def test_tests_can_have_such_a_token() -> None:
    """`token_with` makes one."""
    with RunningEmulator(organizations=["one", "two"]) as emulator, httpx.Client(base_url=emulator.url) as client:
        token = emulator.token_with("read_registries", organizations=["two"])
        assert statuses(Api(client), token) == {"one": 404, "two": 200, "three": 404}
