"""Seed files: their contents, their errors, and when they take effect."""

import base64
import hashlib
import json
import os
import pickle
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

from buildkite_emulator.identity import milliseconds, timestamp
from buildkite_emulator.seeds import SeedError
from buildkite_emulator.server import build, prepare_seed
from scripts.samples import packages
from scripts.servers.api import SPEC
from tests.support.command import refusal
from tests.support.emulators import fresh, reaching

ANN = "ann@example.com"
BEN = "ben@example.com"
ALL, READER, HASHED, ONE, TWO = ("all", "reader", "hashed", "one", "two")
"""Access tokens."""

SECRET = "s3cret-s3cret"  # noqa: S105 - of a test
IDS = [f"0191df84-85e4-77aa-83ba-{number:012d}" for number in range(10)]
TIME = "2024-09-03T06:46:39.441Z"


def sha256(data: "bytes | str") -> str:
    """Compute a digest."""
    return hashlib.sha256(data.encode() if isinstance(data, str) else data).hexdigest()


@pytest.fixture
def seed(tmp_path: Path) -> Path:
    """Path of a seed file that the test writes."""
    return tmp_path / "seed.yaml"


FULL = f"""\
# Comments are fine.
organizations:
  - acme
  - slug: umbrella
    id: {IDS[0].upper()}
users:
  - {{name: Ann, email: {ANN}, id: {IDS[1]}, created_at: '{TIME}'}}
  - {{name: Ben, email: {BEN}}}
tokens:
  - token: all
  - token: reader
    scopes: [read_registries, read_packages]
    user: {BEN}
  - sha256: {sha256("hashed").upper()}
    user: {BEN}
registries:
  - organization: umbrella
    name: My Gems!
    ecosystem: ruby
    description: registry containing ruby gems
    emoji: ':sunflower:'
    color: '#f0ccff'
    team_ids: [{IDS[2]}]
    oidc_policy:
      - iss: https://agent.buildkite.com
        claims: {{organization_slug: my-org}}
    id: {IDS[3]}
    created_at: '2024-09-03T08:46:39.4415+02:00'
    tokens:
      - {{description: one, secret: {SECRET}, created_by: {BEN}, id: {IDS[4]}, created_at: '{TIME}'}}
      - {{description: two, secret_sha256: {sha256("two")}}}
      - {{description: three}}
  - name: files
    slug: another-slug
    ecosystem: files
    packages:
      - path: files/apple-1.0.0.bin
        id: {IDS[5]}
        created_at: '{TIME}'
      - path: files/downloaded
        file_name: banana-2.0.0.bin
      - file_name: cherry-3.0.0.bin
        content: |
          {base64.b64encode(b"inline").decode()}
          {base64.b64encode(b" cherry").decode()}
"""


def test_everything_in_a_seed_is_there(seed: Path) -> None:
    """The API shows the organizations, users, tokens, registries, registry tokens and packages of a seed."""
    seed.write_text(FULL)
    (seed.parent / "files").mkdir()
    (seed.parent / "files/apple-1.0.0.bin").write_bytes(b"apple")
    (seed.parent / "files/downloaded").write_bytes(b"banana")
    with fresh(seed=seed) as api:
        api.token = ALL
        (gems,) = api.ok("list_registries", organization="umbrella")
        shown = {
            name: gems[name]
            for name in ("id", "slug", "name", "ecosystem", "description", "emoji", "color", "team_ids", "public")
        }
        assert shown == {
            "id": IDS[3],
            "slug": "my-gems",
            "name": "My Gems!",
            "ecosystem": "ruby",
            "description": "registry containing ruby gems",
            "emoji": ":sunflower:",
            "color": "#f0ccff",
            "team_ids": [IDS[2]],
            "public": False,
        }
        policy = [{"iss": "https://agent.buildkite.com", "claims": {"organization_slug": "my-org"}}]
        assert yaml.safe_load(gems["oidc_policy"]) == policy

        one, two, three = api.ok("list_registry_tokens", "my-gems", organization="umbrella")
        assert (one["id"], one["description"], one["created_at"]) == (IDS[4], "one", TIME)
        assert (one["created_by"]["name"], one["created_by"]["email"]) == ("Ben", BEN)
        assert one["organization"]["id"] == IDS[0]
        for token in (two, three):
            assert token["created_by"]["id"] == IDS[1]
            assert token["created_by"]["created_at"] == TIME

        (files,) = api.ok("list_registries", organization="acme")
        assert (files["slug"], files["name"], files["description"]) == ("another-slug", "files", None)
        found = api.ok("list_packages", "another-slug", organization="acme")["items"]
        assert [(each["name"], each["version"]) for each in found] == [
            ("cherry", "3.0.0"),
            ("banana", "2.0.0"),
            ("apple", "1.0.0"),
        ]
        digests = [each["digests"]["sha256"] for each in found]
        assert digests == [sha256(content) for content in ("inline cherry", "banana", "apple")]
        assert (found[2]["id"], found[2]["created_at"]) == (IDS[5], TIME)

        made = api.ok("create_registry_token", "my-gems", organization="umbrella", json={"description": "new"})
        assert made["created_by"]["id"] == IDS[1]  # tokens belong to the first user, unless they say otherwise
        by_ben = api.ok(
            "create_registry_token", "my-gems", organization="umbrella", json={"description": ""}, token=HASHED
        )
        assert by_ben["created_by"]["email"] == BEN
        assert api.call("list_registries", organization="acme", token=READER).status_code == 200
        assert api.call("delete_registry", "my-gems", organization="umbrella", token=READER).status_code == 403


@pytest.mark.parametrize("text", ["", "{}", "# nothing\n", "registries: []"])
def test_what_a_seed_leaves_out_is_as_without_one(seed: Path, text: str) -> None:
    """A seed without organizations, users and tokens has the default ones."""
    seed.write_text(text)
    with fresh(seed=seed) as api:
        registry = api.registry()
        token = api.ok("create_registry_token", registry, json={"description": "x"})
    with fresh() as plain:
        created_by = plain.ok("create_registry_token", plain.registry(), json={"description": "x"})["created_by"]
    assert (token["created_by"]["name"], token["created_by"]["email"]) == (created_by["name"], created_by["email"])


def test_an_empty_list_is_none(seed: Path) -> None:
    """An empty list of tokens means no tokens, not the default one."""
    seed.write_text("tokens: []")
    with fresh(seed=seed) as api:
        assert api.call("list_registries").status_code == 401


def test_each_format_can_be_seeded(seed: Path) -> None:
    """Names, versions and variants of a seed's packages are read from the files, as on publishing."""
    built = {
        "debian": packages.deb("banana", "1.1-2", "amd64"),
        "ruby": packages.gem("banana", "1.0", "java"),
        "python": packages.wheel("Ba.Nana", "1.0"),
        "files": packages.generic("banana", "1.0.0", b"x"),
    }
    registries = []
    for ecosystem, (name, content) in built.items():
        (seed.parent / name).write_bytes(content)
        registries.append({"name": ecosystem, "ecosystem": ecosystem, "packages": [{"path": name}]})
    seed.write_text(yaml.safe_dump({"registries": registries}))
    with fresh(seed=seed) as api:
        for ecosystem, package in built.items():
            api.registry(ecosystem, f"{ecosystem} too")
            api.publish(f"{ecosystem}-too", package).raise_for_status()
            here, there = (api.ok("list_packages", registry)["items"] for registry in (ecosystem, f"{ecosystem}-too"))
            same = ("name", "version", "variant", "digests")
            assert [{name: each.get(name) for name in same} for each in here] == [
                {name: each.get(name) for name in same} for each in there
            ]
            repeated = api.publish(ecosystem, package)
            assert (repeated.status_code, repeated.json()["errors"][0]["code"]) == (422, "already_exists")


def test_pages_of_a_seeded_registry(seed: Path) -> None:
    """Pages of a large seeded registry are correct, also by name, and after packages are added and deleted."""
    entries = [
        {"file_name": f"{'odd' if number % 2 else 'even'}-1.0.{number}.bin", "content": ""} for number in range(150)
    ]
    seed.write_text(json.dumps({"registries": [{"name": "x", "ecosystem": "files", "packages": entries}]}))

    def versions(**params: Any) -> list[int]:
        page = api.ok("list_packages", "x", params={"per_page": 100, **params})["items"]
        return [int(each["version"].rpartition(".")[2]) for each in page]

    with fresh(seed=seed) as api:
        assert versions() == list(range(149, 49, -1))
        assert versions(page=2) == list(range(49, -1, -1))
        assert versions(name="odd", per_page=50, page=2) == list(range(49, 0, -2))
        api.publish("x", packages.generic("odd", "1.0.151")).raise_for_status()
        oldest = api.ok("list_packages", "x", params={"per_page": 1, "page": 151})["items"][0]
        assert oldest["version"] == "1.0.0"
        api.ok("delete_package", "x", oldest["id"])
        assert versions(page=2) == list(range(50, 0, -1))
        assert versions(name="odd", per_page=1) == [151]


def test_equal_contents_are_kept_once(seed: Path) -> None:
    """Packages of equal bytes share a blob, which is deleted with the last of them."""
    entries = [{"file_name": f"{name}-1.0.0.bin", "content": "AAAA"} for name in ("a", "b")]
    seed.write_text(json.dumps({"registries": [{"name": "x", "ecosystem": "files", "packages": entries}]}))
    built = build(seed=seed)
    with reaching(built) as api:
        assert len(built.blobs.ids()) == 1
        for left in (1, 0):
            api.ok("delete_package", "x", api.ok("list_packages", "x")["items"][0]["id"])
            assert len(built.blobs.ids()) == left


def test_a_seed_holds_no_secret(seed: Path) -> None:
    """A prepared seed, which is sent to other processes, holds no secrets, and its repr not even digests."""
    seed.write_text(
        f"tokens: [{{token: {SECRET}}}]\n"
        f"registries: [{{name: x, ecosystem: files, tokens: [{{description: d, secret: {SECRET}}}]}}]"
    )
    prepared = prepare_seed(seed, tokens={f"{SECRET}-2": []})
    assert SECRET.encode() not in pickle.dumps(prepared)
    assert sha256(SECRET) not in repr(prepared)


# invalid seeds


def registry(text: str) -> str:
    """Write a seed with properties of a registry, which begin in line 4."""
    lines = "\n".join(f"    {line}" for line in text.splitlines())
    return f"registries:\n  - name: x\n    ecosystem: files\n{lines}\n"


def package(text: str) -> str:
    """Write a seed with properties of a package, which begin in line 5."""
    return registry("packages:\n  - " + "\n    ".join(text.splitlines()))


WRONG = {
    # no YAML
    "registries: [": "is not YAML that can be read",
    "a: 1\na: 2": "a stands twice in line 2",
    "registries: !!python/object:os.system {}": "could not determine a constructor",
    "users: [*ann]": "has an alias in line 1; write the value out",
    "users: &all []": "has an anchor in line 1; write the value out",
    "\tx": "is not YAML that can be read",
    "a: \0": "is not YAML that can be read",
    "registries: " + "[" * 200_000: "is nested too deeply",
    # no seed
    "- a": 'it is not of type "object"',
    "text": 'it is not of type "object"',
    "regitries: []": "line 1: `regitries` is unknown; did you mean `registries`?",
    "xyz: []": "`xyz` is unknown; a seed takes `organizations`, `users`, `tokens`, `registries`",
    "registries: {}": '`registries` is invalid: it is not of type "array"',
    registry("colour: red"): "line 4: `registries[0].colour` is unknown; did you mean `color`?",
    registry(
        "zzz: red"
    ): "line 4: `registries[0].zzz` is unknown; `registries[0]` takes `organization`, `slug`, `name`",
    "1: x": "which is no string; quote it",
    # organizations and users
    "organizations: [My Org]": 'line 1: `organizations[0]` is invalid: it does not match "^[a-z0-9_-]{1,100}$"',
    "organizations:\n  - acme\n  - slug: acme": (
        "line 3: `organizations[1]` has the organization acme, as `organizations[0]` has"
    ),
    "organizations: [{slg: acme}]": "`organizations[0].slg` is unknown; did you mean `slug`?",
    f"organizations:\n  - {{slug: a, id: {IDS[0]}}}\n  - {{slug: b, id: {IDS[0]}}}": (
        f"line 3: `organizations[1]` has the ID {IDS[0]}, as `organizations[0]` has"
    ),
    "organizations: [{slug: a, id: 12}]": "`organizations[0].id` is invalid",
    "organizations: [{slug: a, id: '12'}]": '`organizations[0].id` is invalid: it is not a "uuid"',
    "users: []": "`users` is invalid: it has less than 1 item",
    "users: [{name: Ann}]": "`users[0].email` is missing",
    "users: [{name: Ann, email: ann}]": "`users[0].email` is invalid",
    f"users: [{{name: Ann, email: {ANN}, created_at: yesterday}}]": "`users[0].created_at` is invalid",
    f"users: [{{name: Ann, email: {ANN}, created_at: 2024-09-03}}]": "`users[0].created_at` is invalid",
    f"users: [{{name: Ann, email: {ANN}, created_at: '2016-12-31T23:59:60Z'}}]": (
        "`users[0].created_at` is no time that can be kept: second must be in"
    ),
    f"users: [{{name: Ann, email: {ANN}, created_at: '1969-12-31T23:59:59.9Z'}}]": (
        "`users[0].created_at` is no time that can be kept: it is before 1970"
    ),
    f"users: [{{name: Ann, email: {ANN}, created_at: '9999-12-31T23:59:59-12:00'}}]": (
        "`users[0].created_at` is no time that can be kept: it is after 9999 in UTC"
    ),
    f"users:\n  - {{name: Ann, email: {ANN}}}\n  - {{name: Ann, email: {ANN}}}": (
        f"line 3: `users[1]` has the user {ANN}"
    ),
    f'users: [{{name: "\\0", email: {ANN}}}]': "`users[0].name` holds a character that is no text",
    # tokens
    "tokens: [{scopes: []}]": "`tokens[0]` needs `token`, or its `sha256`",
    f"tokens: [{{token: a, sha256: {sha256('a')}}}]": "`tokens[0]` has both `token` and `sha256`",
    "tokens: [{sha256: abc}]": "`tokens[0].sha256` is invalid",
    "tokens: [{token: a, scopes: [read_pakages]}]": (
        "`tokens[0].scopes` has an unknown scope read_pakages; the scopes are"
    ),
    "tokens: [{token: a, user: x}]": "`tokens[0].user` is none of the seed's; the seed has emulator@example.com",
    f"users: [{{name: Ann, email: {ANN}}}]\ntokens: [{{token: a, user: anne@example.com}}]": (
        f"line 2: `tokens[0].user` is none of the seed's; did you mean `{ANN}`?"
    ),
    f"tokens:\n  - token: a\n  - sha256: {sha256('a')}": "line 3: `tokens[1]` has the same token, as `tokens[0]` has",
    # registries
    "registries: [{name: x}]": "`registries[0].ecosystem` is missing",
    "registries: [{name: 12, ecosystem: files}]": '`registries[0].name` is invalid: it is not of type "string"',
    "registries: [{name: '?', ecosystem: files}]": "`registries[0].name` is invalid",
    "registries: [{name: x, ecosystem: fils}]": "`registries[0]`: `ecosystem` should be one of alpine, container",
    registry("color: green"): "line 4: `registries[0].color` is invalid",
    registry("slug: Not a slug"): "line 4: `registries[0].slug` is invalid",
    registry("organization: my-ogr"): "`registries[0].organization` is none of the seed's; did you mean `my-org`?",
    "organizations: []\nregistries: [{name: x, ecosystem: files}]": (
        "`registries[0].organization` is none of the seed's; the seed has none"
    ),
    registry("oidc_policy: '- is: x'"): "`registries[0]`: `oidc_policy[0].is` is unknown",
    registry("oidc_policy:\n  - iss: x\n    claim: {}"): "did you mean `claims`?",
    registry("oidc_policy: '- &a x'"): "has the anchor &a",
    f"{registry('slug: x')}  - name: X\n    ecosystem: files": "line 5: `registries[1]` has the registry my-org/x",
    registry("tokens: [{secret: a}]"): "`registries[0].tokens[0].description` is missing",
    registry("tokens: [{description: a, created_by: x}]"): "`registries[0].tokens[0].created_by` is none of the seed's",
    # packages
    package("{}"): "`registries[0].packages[0]` needs either `path`, or `content` and `file_name`",
    package("path: a-1.0.0.bin\ncontent: AAAA"): "needs either `path`, or `content` and `file_name`",
    package("path: missing-1.0.0.bin"): "line 5: `registries[0].packages[0]`: cannot read",
    package("path: ."): "cannot read",
    package("content: AAAA"): "`registries[0].packages[0].file_name` is missing",
    package("file_name: a-1.0.0.bin\ncontent: AAA"): (
        "line 6: `registries[0].packages[0].content` is not base64: Incorrect padding"
    ),
    package("file_name: a-1.0.0.bin\ncontent: ä"): "`registries[0].packages[0].content` is not base64",
    package("file_name: a.bin\ncontent: AAAA"): "line 5: `registries[0].packages[0]`: Invalid filename format",
    package("file_name: ../a-1.0.0.bin\ncontent: AAAA"): "must not have",
    package("file_name: a-1.0.0.bin\ncontent: AAAA") + "      - file_name: a-1.0.0.bin\n        content: BBBB": (
        "line 7: `registries[0].packages[1]` has the package a 1.0.0 bin, as `registries[0].packages[0]` has"
    ),
}


@pytest.mark.parametrize("text", WRONG, ids=[reason[:60] for reason in WRONG.values()])
def test_a_wrong_seed_is_refused(seed: Path, text: str) -> None:
    """The error names the file, the line, the place and what would be right, in one line."""
    seed.write_text(text, encoding="utf-8")
    with pytest.raises(SeedError) as refused:
        prepare_seed(seed)
    message = str(refused.value)
    assert WRONG[text] in message
    assert message.startswith(str(seed))
    assert len(message.splitlines()) == 1


def test_a_time_needs_its_offset() -> None:
    """A time is read to the millisecond and needs an offset from UTC."""
    assert timestamp(milliseconds("2024-09-03T08:46:39.4419+02:00")) == TIME
    with pytest.raises(ValueError, match="offset"):
        milliseconds("2024-09-03T06:46:39")


@pytest.mark.parametrize("time", ["1970-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z"])
def test_the_first_and_the_last_time(seed: Path, time: str) -> None:
    """The exported state has each time of a seed, to the millisecond."""
    seed.write_text(f"users: [{{name: Ann, email: {ANN}, created_at: '{time}'}}]")
    with fresh(seed=seed) as api:
        state = api.client.get("/_emulator/state").raise_for_status().text
    assert yaml.safe_load(state)["users"][0]["created_at"] == time


def test_a_bomb_of_aliases_is_refused(seed: Path) -> None:
    """Nested aliases that expand to millions of values are refused before they are expanded."""
    levels = [f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]" for old, new in pairwise("abcdefghij")]
    seed.write_text("\n".join(["a: &a [x]", *levels]))
    with pytest.raises(SeedError, match="has an anchor in line 1"):
        prepare_seed(seed)


@pytest.mark.parametrize(
    "text",
    [
        f"tokens: [{SECRET}]",
        f"tokens: {SECRET}",
        f"tokens: [{{token: [{SECRET}]}}]",
        f"tokens: [{{token: '{SECRET} {SECRET}'}}]",
        f"tokens: [{{token: '{SECRET}', sha256: '{SECRET}'}}]",
        f"tokens: [{{token: '{SECRET}'}}, {{token: '{SECRET}'}}]",
        f"tokens: [{{token: '{SECRET}', scopes: [oops]}}]",
        registry(f"tokens: [{{description: a, secret: {{a: {SECRET}}}}}]"),
        registry(f"tokens: [{{description: a, secret: '{SECRET} '}}]"),
        f"tokens: !!int {SECRET}",
        f"tokens: [{{token: *{SECRET} }}]",
        f"tokens: [{{token: &{SECRET} }}]",
    ],
)
def test_an_error_does_not_repeat_a_secret(seed: Path, text: str) -> None:
    """No error message shows a secret, whatever is wrong with it."""
    seed.write_text(text)
    with pytest.raises(SeedError) as refused:
        prepare_seed(seed)
    assert SECRET not in str(refused.value)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no such files")
def test_what_is_no_plain_file_is_refused(seed: Path) -> None:
    """A package's path to a named pipe is refused without reading from the pipe."""
    os.mkfifo(seed.parent / "pipe-1.0.0.bin")
    seed.write_text(package("path: pipe-1.0.0.bin"))
    with pytest.raises(SeedError, match=r"pipe-1\.0\.0\.bin: it is no file"):
        prepare_seed(seed)


def test_the_form_of_a_registry_is_the_spec_s(seed: Path) -> None:
    """A seed accepts each property of a new registry that the API accepts, and refuses wrong values."""
    names = SPEC.schema("RegistryCreate")["properties"]
    assert {"name", "ecosystem", "description"} <= set(names)
    for name in names:
        seed.write_text(json.dumps({"registries": [{"name": "x", "ecosystem": "files", name: {"wrong": 1}}]}))
        with pytest.raises(SeedError, match=name):
            prepare_seed(seed)


# the command


def test_a_wrong_seed_stops_the_command(seed: Path, tmp_path: Path) -> None:
    """An invalid seed ends the command with status 2 and one line before anything is written."""
    seed.write_text(package("file_name: a-1.0.0.bin\ncontent: AAAA") + "  - name: y\n    ecosystem: oops\n")
    assert f"{seed}, line 7: `registries[1]`" in refusal(f"--seed={seed}", f"--data={tmp_path / 'data'}")
    assert not (tmp_path / "data").exists()


def test_a_missing_seed_is_refused(tmp_path: Path) -> None:
    """The error says which seed cannot be read."""
    for path in (tmp_path, tmp_path / "none.yaml"):
        with pytest.raises(SeedError, match=f"cannot read the seed {re.escape(str(path))}: "):
            prepare_seed(path)


def test_a_seed_counts_where_there_is_no_data_yet(seed: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """On a folder with data the seed's registries are ignored, which is logged, and its tokens are valid."""
    seed.write_text(
        "organizations: [acme]\ntokens: [{token: one}]\n" + package("file_name: a-1.0.0.bin\ncontent: AAAA")
    )
    other = tmp_path / "other.yaml"
    other.write_text(
        f"organizations: [acme, more]\nusers: [{{name: Ben, email: {BEN}}}]\ntokens: [{{token: two}}]\n"
        "registries: [{name: y, ecosystem: ruby}]"
    )
    caplog.set_level("INFO")
    data = tmp_path / "data"
    with fresh(seed=seed, data=data) as api:
        assert [each["slug"] for each in api.ok("list_registries", organization="acme", token=ONE)] == ["x"]
        assert len(api.ok("list_packages", "x", organization="acme", token=ONE)["items"]) == 1
    assert "wait for a reset" not in caplog.text
    with fresh(seed=other, data=data) as api:
        assert [each["slug"] for each in api.ok("list_registries", organization="acme", token=TWO)] == ["x"]
        assert api.ok("list_registries", organization="more", token=TWO) == []
        assert api.call("list_registries", organization="acme", token=ONE).status_code == 401
        made = api.ok("create_registry_token", "x", organization="acme", token=TWO, json={"description": ""})
        assert made["created_by"]["email"] == BEN
    assert "wait for a reset" in caplog.text


@pytest.mark.parametrize(
    ("before", "after", "whose"),
    [
        (
            f"organizations: [{{slug: one, id: {IDS[0]}}}]",
            f"organizations: [{{slug: two, id: {IDS[0]}}}]",
            "organization one",
        ),
        (
            f"users: [{{name: A, email: {ANN}, id: {IDS[0]}}}]",
            f"users: [{{name: B, email: {BEN}, id: {IDS[0]}}}]",
            f"user {ANN}",
        ),
        (
            f"organizations: []\nusers: [{{name: A, email: {ANN}, id: {IDS[0]}}}]",  # so all is planted once more
            f"users: [{{name: A, email: {ANN}}}, {{name: B, email: {BEN}, id: {IDS[0]}}}]",
            f"user {ANN}",
        ),
    ],
    ids=["organization", "user", "user who stays"],
)
def test_an_id_that_other_data_has_is_refused(seed: Path, tmp_path: Path, before: str, after: str, whose: str) -> None:
    """On a folder with data, the seed cannot give an ID that something else has."""
    data = tmp_path / "data"
    seed.write_text(before)
    build(seed=seed, data=data).close()
    seed.write_text(after)
    with pytest.raises(SeedError) as refused:
        build(seed=seed, data=data)
    assert str(refused.value) == f"the ID {IDS[0]} is that of the {whose} in the data; leave it out of the seed"
