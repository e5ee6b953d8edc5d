"""Large bodies full of mistakes: what is wrong is said soon, and takes little memory."""

import json
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from scripts.servers.api import Api
from scripts.servers.raw_requests import MULTIPART, form, part

MIB = 1 << 20
SECONDS = 3
"""CPU time for a mebibyte; it takes less than one, and took tens."""

START = '{"name": "x", "ecosystem": "files", '
ISSUER = '{"iss": "a"}'


def filled(start: str, piece: str, end: str) -> bytes:
    """Repeat a piece until a body has a mebibyte."""
    count = (MIB - len(start) - len(end)) // (len(piece) + 1)
    return (start + ",".join([piece] * count) + end).encode()


def numbered(start: str, piece: str, end: str) -> bytes:
    """Repeat a piece with a number in it."""
    count = (MIB - len(start) - len(end)) // (len(piece) + 6)
    return (start + ",".join(piece.replace("N", str(number)) for number in range(count)) + end).encode()


POLICY, CLAIMS = f'{START}"oidc_policy": [', f'{START}"oidc_policy": [{{"iss": "a", "claims": {{'
BODIES: dict[str, tuple[bytes, str]] = {
    "wrong items": (filled(f'{START}"team_ids": [', "1", "]}"), "team_ids[0]"),
    "a wrong item at the end": (filled(f'{START}"team_ids": [', '"a"', ", 1]}"), "team_ids["),
    "wrong items at the end": (
        (START + '"team_ids": [' + '"a",' * (MIB // 8) + "1," * (MIB // 5) + "1]}").encode(),
        "team_ids[",
    ),
    "empty statements": (filled(POLICY, "{}", "]}"), "oidc_policy[0].iss"),
    "numbers for statements": (filled(POLICY, "1", "]}"), "oidc_policy[0]"),
    "a wrong statement at the end": (filled(POLICY, ISSUER, ", {}]}"), "oidc_policy["),
    "statements with an unknown name": (filled(POLICY, '{"a": 1}', "]}"), "oidc_policy[0].a"),
    "wrong scopes": (filled(POLICY + '{"iss": "a", "scopes": [', "1", "]}]}"), "oidc_policy[0].scopes[0]"),
    "wrong claims": (numbered(CLAIMS, '"aN": [[1]]', "}}]}"), "oidc_policy[0].claims.a0"),
    "unknown names": (numbered(POLICY + "{", '"N": 1', "}]}"), "oidc_policy[0].0"),
    "a long name": (f'{POLICY}{{"{"a" * (MIB - 100)}": 1}}]}}'.encode(), "oidc_policy[0].aaa"),
    "nesting": (filled(f'{START}"emoji": [', "[" * 100 + "]" * 100, "]}"), "emoji"),
    "long numbers": (filled(f'{START}"team_ids": [', "1" * 4000, "]}"), "team_ids[0]"),
    "no text at the end": (filled(f'{START}"team_ids": [', '"a"', ', "\\u0000"]}'), "team_ids["),
}


def seconds(call: Callable[[], httpx.Response]) -> tuple[httpx.Response, float]:
    """Measure the CPU time of a call and of the emulator in this process."""
    start = time.process_time()
    return call(), time.process_time() - start


@pytest.mark.slow
@pytest.mark.parametrize("kind", BODIES)
def test_a_large_body_full_of_mistakes_is_refused_soon(api: Api, kind: str) -> None:
    """However many things are wrong in a mebibyte, the answer names the first of them, and is short."""
    body, field = BODIES[kind]
    headers = {"Content-Type": "application/json"}
    answer, taken = seconds(lambda: api.call("create_registry", content=body, headers=headers))
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"].startswith(field)
    assert len(answer.content) < 10_000
    assert taken < SECONDS
    log = api.client.get("/_emulator/requests").content
    assert len(log) < 100_000


@pytest.mark.parametrize("count", [5, 5000])
def test_what_is_wrong_in_a_large_body_is_named_as_in_a_small_one(api: Api, count: int) -> None:
    """Places, reasons and their number do not depend on how much there is around what is wrong."""
    ids: list[Any] = [*["a"] * count, 1, "b", None, *["c"] * count]
    body = {"ecosystem": "files", "name": "x", "team_ids": ids}
    errors = api.call("create_registry", json=body).json()["errors"]
    assert [each["field"] for each in errors] == [f"team_ids[{count}]", f"team_ids[{count + 2}]"]


@pytest.mark.parametrize(
    "policy",
    [
        "[" + "1," * 32_000 + "]",
        "- {}\n" * 13_000,
        "- iss: a\n  scopes: [" + "1," * 32_000 + "]",
        "- " + "1:" * 30_000 + "1",
        "- " + "1:" * 30_000 + "1.5",
        "- 0b_",
        "? " * 30_000,
    ],
    ids=lambda policy: policy[:12],
)
def test_a_long_policy_is_refused_soon(api: Api, policy: str) -> None:
    """A policy of YAML is read and refused within a moment, whatever numbers YAML can write."""
    body = {"name": "x", "ecosystem": "files", "oidc_policy": policy}
    answer, taken = seconds(lambda: api.call("create_registry", json=body))
    assert answer.status_code == 422
    assert taken < SECONDS


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("tokens", filled('{"scopes": [', '"a"', "]}")),
        ("tokens", numbered('{"scopes": [', '"N"', "]}")),
        ("tokens", f'{{"user": "{"a" * (MIB - 100)}"}}'.encode()),
        ("faults", numbered("{", '"N": 1', "}")),
        ("faults", f'{{"operation": "{"a" * (MIB - 100)}"}}'.encode()),
        ("faults", filled('{"operation": [', "1", "]}")),
        ("clock", f'{{"advance": {"1" * (MIB - 100)}}}'.encode()),
    ],
    ids=range(7),
)
def test_what_only_an_emulator_has_refuses_soon(api: Api, path: str, body: bytes) -> None:
    """The bodies below `/_emulator/` are read as quickly, and the answer repeats little of them."""
    answer, taken = seconds(lambda: api.client.post(f"/_emulator/{path}", content=body))
    assert answer.status_code == 422
    assert len(answer.content) < 10_000
    assert taken < SECONDS


def test_a_form_of_many_fields_is_refused_soon(api: Api) -> None:
    """As many fields beside the file as fit are named by their first."""
    body = form(*[part(b"", str(number)) for number in range(900)], part(b"x", file_name="banana-1.0.0.txt"))
    registry = api.registry()
    call = seconds(lambda: api.call("publish_package", registry, content=body, headers={"Content-Type": MULTIPART}))
    assert (call[0].status_code, call[1] < SECONDS) == (200, True)
    assert len(json.dumps(api.client.get("/_emulator/requests").json()["requests"][-1]["objections"])) < 10_000
