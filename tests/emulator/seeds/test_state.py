"""All that an emulator holds, as a seed for another."""

import base64
import itertools
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from buildkite_emulator.api.access import AccessTokens
from buildkite_emulator.api.context import Emulator
from buildkite_emulator.api.unused_blobs import UnusedBlobs
from buildkite_emulator.identity import Identity
from buildkite_emulator.seeds import state as states
from buildkite_emulator.server import BuiltEmulator, build, spec_and_validators
from scripts.samples import packages
from scripts.servers.api import Api
from tests.conftest import NewStores
from tests.support.emulators import fresh, reaching

pytestmark = pytest.mark.slow

ANN, EMULATOR = "ann@example.com", "emulator@example.com"


def state(api: Api) -> bytes:
    """Export the data as a seed file."""
    response = api.client.get("/_emulator/state")
    assert response.status_code == 200, response.text
    return response.content


def state_of_seeded(content: bytes) -> bytes:
    """Start an emulator with a state, and ask for its state."""
    with tempfile.TemporaryDirectory() as folder:
        seed = Path(folder) / "seed.yaml"
        seed.write_bytes(content)
        with fresh(seed=seed) as api:
            return state(api)


# Texts that are hard on YAML: what looks like other types, indicators, breaks, blanks, marks and signs beyond 16 bits.
hard_texts = st.text(
    st.sampled_from(" \t\n\r:#-'\"|>&*!%@`[]{},?~=\x85\u2028\u2029\ufeff\x7f\x01\U0001f600\uffffaé0"), max_size=12
) | st.sampled_from(["null", "yes", "1e3", "2024-09-03", "0x10", "---", "...", "<<", "- a\n- b\n", " a\nb", "a\n\n"])

actions = st.one_of(
    st.tuples(st.just("create_registry"), st.sampled_from("abc"), hard_texts),
    st.tuples(st.just("update_registry"), st.sampled_from("abc"), hard_texts),
    st.tuples(st.just("delete_registry"), st.sampled_from("abc"), st.just("")),
    st.tuples(st.just("create_registry_token"), st.sampled_from("abc"), hard_texts),
    st.tuples(st.just("delete_registry_token"), st.sampled_from("abc"), st.just("")),
    st.tuples(st.just("publish_package"), st.sampled_from("abc"), st.binary(max_size=200)),
    st.tuples(st.just("copy_package"), st.sampled_from("abc"), st.sampled_from("abc")),
    st.tuples(st.just("delete_package"), st.sampled_from("abc"), st.just("")),
    st.tuples(st.just("token"), st.sampled_from("abc"), st.just("")),
)

POLICY = "- iss: https://agent.buildkite.com\n  claims:\n    organization_slug: my-org\n"
numbers = itertools.count()


def act(api: Api, action: str, registry: str, value: Any) -> int:
    """Do something, if it can be done; returns the answer's status."""
    path = [registry]
    arguments: dict[str, Any] = {}
    match action:
        case "token":
            return api.client.post("/_emulator/tokens", json={"scopes": ["read_packages"]}).status_code
        case "create_registry":
            body = {"name": registry, "ecosystem": "files", "description": value, "emoji": value, "color": "#abc"}
            path, arguments = [], {"json": body}
        case "update_registry":
            name = f"{value} {registry}"[:100] if registry == "c" else registry
            arguments = {"json": {"name": name, "description": None, "oidc_policy": POLICY}}
        case "create_registry_token":
            arguments = {"json": {"description": value}}
        case "publish_package":
            arguments = {"files": {"file": packages.generic("banana", f"1.0.{next(numbers)}", value)}}
        case "delete_registry_token":
            path.append(some_id(api.call("list_registry_tokens", registry)))
        case "copy_package" | "delete_package":
            path.append(some_id(api.call("list_packages", registry)))
            arguments = {"params": {"to": value}} if value else {}
    return api.call(action, *path, **arguments).status_code


def some_id(listed: httpx.Response) -> str:
    """Choose something of a list."""
    answer = listed.json()
    items = answer if isinstance(answer, list) else answer.get("items", [])
    return str(items[len(items) // 2]["id"]) if items else "missing"


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(actions, max_size=25))
@example(
    [
        ("create_registry", "a", "first"),
        ("create_registry", "b", "null"),
        ("create_registry", "c", "\n"),
        ("publish_package", "a", b"apple"),
        ("publish_package", "a", b""),
        ("publish_package", "a", b"apple" * 100),
        ("copy_package", "a", "b"),
        ("delete_package", "a", ""),
        ("create_registry_token", "b", "- :"),
        ("token", "a", ""),
        ("update_registry", "a", ""),
    ]
)
def test_a_state_gives_an_emulator_of_the_same_state(done: list[tuple[str, str, Any]]) -> None:
    """Whatever was done, an emulator that begins with the state of another has that very state, byte for byte."""
    with fresh() as api:
        for action, registry, value in done:
            assert act(api, action, registry, value) < 500
        before = state(api)
    assert state_of_seeded(before) == before


def test_a_seeded_emulator_answers_as_the_one_whose_state_it_has(tmp_path: Path) -> None:
    """Registries, tokens and packages that come from a state are those of the other emulator in every property."""
    seed = tmp_path / "seed.yaml"
    with fresh() as one:
        registry = one.registry("debian")
        for package in (packages.deb("banana", "1.1-2", "amd64"), packages.deb("banana", "1.1-2", "arm64")):
            one.publish(registry, package).raise_for_status()
        one.ok("create_registry_token", registry, json={"description": "Usher"})
        minted = one.client.post("/_emulator/tokens", json={"scopes": ["read_registries"]}).json()["token"]
        seed.write_bytes(state(one))
        with fresh(seed=seed) as other:
            for operation in ("get_registry", "list_registry_tokens", "list_packages"):
                assert other.ok(operation, registry) == one.ok(operation, registry)
            assert other.ok("list_registries", token=minted) == one.ok("list_registries")
            assert other.call("delete_registry", registry, token=minted).status_code == 403


@pytest.mark.parametrize("kinds", [("sqlite", "folder"), ("postgresql", "s3")], ids=["sqlite-folder", "postgresql-s3"])
def test_a_state_moves_between_stores(tmp_path: Path, new_stores: NewStores, kinds: tuple[str, str]) -> None:
    """An emulator in memory that begins with the state of one on other stores has the same state."""
    stores, seed = new_stores(*kinds), tmp_path / "seed.yaml"
    with fresh(database=stores.database, blobs=stores.blobs) as api:
        for number in range(3):
            registry = api.registry(name=f"registry {number}")
            api.publish(registry, packages.generic("a", "1.0.0", bytes(number))).raise_for_status()
        seed.write_bytes(state(api))
    assert state_of_seeded(seed.read_bytes()) == seed.read_bytes()


def test_a_state_is_yaml_without_secrets(api: Api) -> None:
    """A state is plain YAML; of access tokens and registry tokens it has digests, and no secret."""
    made = api.ok("create_registry_token", api.registry(), json={"description": "mine"})
    minted = api.client.post("/_emulator/tokens").json()["token"]
    response = api.client.get("/_emulator/state")
    assert response.headers["content-type"].partition(";")[0] == "application/yaml"
    for secret in (made["token"], minted, f"{api.token}\n"):
        assert secret not in response.text
    document = yaml.safe_load(response.text)
    assert list(document) == ["organizations", "users", "tokens", "registries"]
    assert [len(token["sha256"]) for token in document["tokens"]] == [64, 64]


def test_the_first_user_stays_the_first(tmp_path: Path) -> None:
    """Whose a token is that nobody is named for is the same user in an emulator that begins with the state."""
    seed = tmp_path / "seed.yaml"
    seed.write_text(
        f"users:\n"
        f"  - {{name: Ann, email: {ANN}, created_at: '2024-09-03T06:46:39Z'}}\n"
        f"  - {{name: Ben, email: ben@example.com, created_at: '2023-09-03T06:46:39Z'}}\n"
    )
    with fresh(seed=seed) as api:
        seed.write_bytes(state(api))
    with fresh(seed=seed) as api:
        token = api.client.post("/_emulator/tokens").json()["token"]
        made = api.ok("create_registry_token", api.registry(), json={"description": ""}, token=token)
        assert made["created_by"]["email"] == ANN


# large and changing packages


def test_packages_beyond_the_bound_are_refused(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """A state of more package bytes than it may have is answered 413, which says what to do; one of as many is not."""
    registry = api.registry()
    for number in range(2):
        api.publish(registry, packages.generic("a", f"1.0.{number}", bytes(500))).raise_for_status()
    monkeypatch.setattr(states, "MOST_CONTENT", 1000)
    assert api.client.get("/_emulator/state").status_code == 200
    monkeypatch.setattr(states, "MOST_CONTENT", 999)
    response = api.client.get("/_emulator/state")
    assert response.status_code == 413
    assert "1000 bytes" in response.json()["message"]
    assert "--data" in response.json()["message"]


def written(built: BuiltEmulator) -> Iterator[bytes]:
    """Write the state of an emulator piece by piece."""
    emulator = Emulator(
        *spec_and_validators(), built.database, built.blobs, UnusedBlobs(built.database, built.blobs), Identity()
    )
    return states.take(emulator, AccessTokens({}, built.database), EMULATOR).write(built.blobs)


def test_a_state_is_written_piece_by_piece() -> None:
    """A large package is exported in chunks, and in lines that an editor can show."""
    built = build()
    with reaching(built) as api:
        content = bytes(range(256)) * 6_000
        api.publish(api.registry(), packages.generic("large", "1.0.0", content)).raise_for_status()
        pieces = list(written(built))
    assert max(map(len, pieces)) < 500_000
    text = b"".join(pieces).decode()
    assert max(map(len, text.splitlines())) < 100
    (package,) = yaml.safe_load(text)["registries"][0]["packages"]
    assert base64.b64decode(package["content"]) == content


def test_a_package_that_is_deleted_meanwhile_cuts_the_state() -> None:
    """An export whose packages are deleted meanwhile ends with an error instead of looking complete."""
    built = build()
    with reaching(built) as api:
        registry = api.registry()
        api.publish(registry, packages.generic("a", "1.0.0", b"x")).raise_for_status()
        pieces = written(built)
        next(pieces)
        api.ok("delete_registry", registry)
        with pytest.raises(FileNotFoundError):
            list(pieces)
