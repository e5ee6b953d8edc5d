"""Several emulators on one PostgreSQL and one bucket are one registry."""

import itertools
import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from random import Random
from typing import Any

import httpx
import psycopg
import pytest

from scripts.samples import packages
from scripts.servers.api import Api, running_emulator
from scripts.servers.raw_requests import part, until, upload_under_way
from scripts.servers.stores import S3Server, Stores, agreed_blobs, new_postgresql, new_s3
from tests.conftest import NewStores
from tests.emulator.storage.test_concurrency import at_once

pytestmark = pytest.mark.slow

MIB = 1 << 20


@pytest.fixture
def stores(new_stores: NewStores) -> Stores:
    """Give an empty PostgreSQL database and an empty place in a bucket."""
    return new_stores("postgresql", "s3")


@pytest.fixture(scope="module")
def stores_of_four(postgresql: str, s3: S3Server) -> Stores:  # noqa: ARG001 - it has to run
    """Give an empty PostgreSQL database and an empty place in a bucket, for the four emulators."""
    return Stores(new_postgresql(postgresql), new_s3())


@pytest.fixture(scope="module")
def four(stores_of_four: Stores) -> Iterator[list[Api]]:
    """Run four emulators side by side, which the tests share."""
    with ExitStack() as stack:
        yield [stack.enter_context(running_emulator(*stores_of_four.options))[0] for _ in range(4)]


@pytest.fixture
def apis(four: list[Api]) -> list[Api]:
    """Give the four emulators without data."""
    four[0].client.post("/_emulator/reset").raise_for_status()
    return four


@pytest.mark.long
def test_four_processes_are_one_registry(apis: list[Api], stores_of_four: Stores) -> None:
    """Of 200 publishes at once each version lands once, with copies and deletes beside them, and all agrees then."""
    random = Random(1)  # noqa: S311 - no secret
    which = itertools.cycle(apis)
    source, target, other = (apis[0].registry("files", name) for name in ("source", "target", "other"))
    ids = [
        next(which).publish(source, packages.generic("old", f"1.0.{number}", b"x")).json()["id"] for number in range(40)
    ]
    # 200 publishes of 100 versions: each collides with one other.
    publishes = [
        partial(next(which).publish, target, packages.generic("a", f"1.0.{number % 100}", bytes(number * 100)))
        for number in range(200)
    ]
    copies = [partial(next(which).call, "copy_package", source, each, params={"to": other}) for each in ids]
    deletes = [partial(next(which).call, "delete_package", source, each) for each in ids]
    calls = [*publishes, *copies, *deletes]
    order = list(range(len(calls)))
    random.shuffle(order)
    answers = dict(zip(order, at_once([calls[index] for index in order]), strict=True))

    published = [answers[index].status_code for index in range(200)]
    assert [sorted([published[n], published[n + 100]]) for n in range(100)] == [[200, 422]] * 100
    copied = [answers[index].status_code for index in range(200, 240)]
    assert set(copied) <= {200, 404}
    assert [answers[index].status_code for index in range(240, 280)] == [200] * 40
    for api in apis:
        assert api.ok("list_packages", source)["items"] == []
        assert len(api.ok("list_packages", target, params={"per_page": "100"})["items"]) == 100
        assert len(api.ok("list_packages", other, params={"per_page": "100"})["items"]) == copied.count(200)
    assert len(agreed_blobs(stores_of_four)) == 100 + copied.count(200)


def test_four_processes_share_what_only_an_emulator_has(apis: list[Api]) -> None:
    """A fault, the clock, a token that was made, rate limits and the log are those of all processes, as is a reset."""
    one, *others = apis
    assert one.client.put("/_emulator/clock", json={"time": "2031-01-01T00:00:00Z", "frozen": True}).is_success
    registry = others[0].ok("create_registry", json={"name": "from the future", "ecosystem": "files"})
    published = others[1].publish(registry["slug"], packages.generic("a", "1.0.0"))
    assert published.json()["created_at"].startswith("2031-01-01T00:00:00")

    fault = {"operation": "get_registry", "status": 503, "times": 2}
    assert one.client.post("/_emulator/faults", json=fault).status_code == 201
    statuses = [api.call("get_registry", registry["slug"]).status_code for api in others]
    assert statuses == [503, 503, 200]

    token = one.client.post("/_emulator/tokens", json={"scopes": ["read_registries"]}).json()["token"]
    listed = [api.call("list_registries", token=token) for api in others]
    assert [answer.status_code for answer in listed] == [200] * 3
    left = [int(answer.headers["RateLimit-User-Remaining"]) for answer in listed]
    assert left == list(range(left[0], left[0] - 3, -1))

    until(lambda: len(logged(one)) == 8, "every process has written its part of the log")
    assert sorted((entry["operation"], entry["status"]) for entry in logged(one)) == [
        ("create_registry", 200),
        ("get_registry", 200),
        ("get_registry", 503),
        ("get_registry", 503),
        *[("list_registries", 200)] * 3,
        ("publish_package", 200),
    ]

    assert others[2].client.post("/_emulator/reset").is_success
    assert one.ok("list_registries") == []
    assert [api.call("list_registries", token=token).status_code for api in apis] == [401] * 4
    assert not others[0].client.get("/_emulator/clock").json()["frozen"]


def test_forms_expire_by_the_clock_of_all_processes(apis: list[Api]) -> None:
    """A form that expired by the clock that one process moved is refused by the others, too."""
    form = apis[0].ok("request_presigned_upload", apis[0].registry())["form"]
    assert apis[0].client.post("/_emulator/clock", json={"advance": 3600}).is_success
    file = {form["file_input"]: packages.generic("a", "1.0.0")}
    sent = [each.client.post("/_uploads/", data=form["data"], files=file).status_code for each in apis]
    assert sent == [403] * len(apis)


def test_opposite_copies_do_not_block_each_other(apis: list[Api]) -> None:
    """Copies from one registry to another and back, at once, all land: two that wait for each other are tried again."""
    one, two = (apis[0].registry("files", name) for name in ("one", "two"))
    calls = []
    for number in range(20):
        for source, target in ((one, two), (two, one)):
            package = apis[0].publish(source, packages.generic(source, f"1.0.{number}")).json()["id"]
            calls.append(partial(apis[number % 4].call, "copy_package", source, package, params={"to": target}))
    assert {answer.status_code for answer in at_once(calls)} == {200}


def test_a_start_leaves_the_uploads_of_others_alone(stores: Stores) -> None:
    """An emulator that starts deletes what a killed one has left, and not what a living one is receiving."""
    with running_emulator(*stores.options) as (api, process), running_emulator(*stores.options) as (other, _):
        registry = api.registry()
        body = b"--boundary\r\n" + part(bytes(20 * MIB), file_name="a-1.0.0.bin")
        with (
            upload_under_way(other.client.base_url, registry, len(body) + 16) as alive,
            upload_under_way(api.client.base_url, registry, len(body)) as doomed,
        ):
            doomed.sendall(body[: 10 * MIB])
            alive.sendall(body[: 10 * MIB])
            process.kill()
            with running_emulator(*stores.options):
                alive.sendall(body[10 * MIB :] + b"\r\n--boundary--\r\n")
                assert alive.recv(100).startswith(b"HTTP/1.1 200 ")
    assert len(agreed_blobs(stores)) == 1


def test_a_worker_that_dies_is_replaced(stores: Stores) -> None:
    """When one of two workers is killed, another takes its place, and all of them end with their parent."""
    with running_emulator(*stores.options, "--workers=2") as (api, process):
        children = f"/proc/{process.pid}/task/{process.pid}/children"
        before = workers(children)
        assert len(before) == 2
        api.registry()
        os.kill(before[0], signal.SIGKILL)
        until(lambda: len(set(workers(children)) - set(before)) == 1, "there is a new worker")
        until(lambda: answers(api), "it is answered again")
        after = workers(children)
    until(lambda: not any(is_there(pid) for pid in {*before, *after}), "all workers are gone")


def test_workers_end_when_their_parent_is_killed(stores: Stores) -> None:
    """Workers do not go on holding the port once the parent was killed."""
    with running_emulator(*stores.options, "--workers=2") as (api, process):
        pids = workers(f"/proc/{process.pid}/task/{process.pid}/children")
        process.kill()
        until(lambda: not any(is_there(pid) for pid in pids), "all workers are gone")
        api.client.close()


def test_lost_connections_are_made_again(stores: Stores) -> None:
    """After PostgreSQL has dropped all connections, and another emulator has started, publishing goes on."""
    with running_emulator(*stores.options) as (api, _):
        registry = api.registry()
        assert api.publish(registry, packages.generic("a", "1.0.0", b"x")).status_code == 200
        with psycopg.connect(stores.database, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        with running_emulator(*stores.options) as (other, _process):
            statuses = [api.publish(registry, packages.generic("a", f"1.0.{n}")).status_code for n in range(1, 4)]
            assert statuses == [200] * 3
            assert other.call("delete_registry", registry).status_code == 200
    assert agreed_blobs(stores) == {}


def test_resets_and_requests_at_once_go_well(apis: list[Api]) -> None:
    """Of faults, limits and the clock nothing is in the way of requests while others reset them."""
    calls = [partial(api.call, "list_registries") for api in apis for _ in range(10)]
    calls += [partial(api.client.post, "/_emulator/reset") for api in apis]
    fault = {"operation": "get_package", "status": 503, "share": 0.5}
    calls += [partial(api.client.post, "/_emulator/faults", json=fault) for api in apis for _ in range(3)]
    assert {answer.status_code for answer in at_once(calls)} <= {200, 201, 204}


def workers(children: str) -> list[int]:
    """List the workers of an emulator; Python's resource tracker is another child of it."""
    with open(children, encoding="ascii") as file:  # noqa: PTH123 - a file of /proc
        pids = [int(pid) for pid in file.read().split()]
    return [pid for pid in pids if b"spawn_main" in command_of(pid)]


def command_of(pid: int) -> bytes:
    """Read the command line of a process; empty where it is gone."""
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:  # noqa: PTH123 - a file of /proc
            return file.read()
    except OSError:
        return b""


def is_there(pid: int) -> bool:
    """Tell whether a process runs."""
    return command_of(pid) != b""


def logged(api: Api) -> list[Any]:
    """Read the log of requests."""
    found = api.client.get("/_emulator/requests").json()["requests"]
    assert isinstance(found, list)
    return found


def answers(api: Api) -> bool:
    """Tell whether an emulator answers."""
    try:
        return api.call("list_registries").status_code == 200
    except httpx.TransportError:
        return False
