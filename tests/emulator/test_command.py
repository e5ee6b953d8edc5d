"""The command: its output, its exit status, its options, its end."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.samples import packages
from scripts.servers.api import Api, running_emulator
from scripts.servers.raw_requests import (
    blobs_below,
    connected,
    form,
    part,
    receive_head,
    refuses,
    until,
    upload_under_way,
)

COMMAND = (sys.executable, "-m", "buildkite_emulator")


def run(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run the command to its end."""
    return subprocess.run(
        [*COMMAND, *arguments],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env={**os.environ, **environment},
    )


def assert_refused(finished: "subprocess.CompletedProcess[str]", reason: str) -> None:
    """Check that the command ended with status 2 and one line on standard error with the reason."""
    assert (finished.returncode, finished.stdout) == (2, ""), finished.stderr
    (line,) = finished.stderr.splitlines()
    assert line.startswith("buildkite-emulator: ")
    assert reason in line


@pytest.mark.slow
def test_the_address_is_all_that_goes_to_standard_output(tmp_path: Path) -> None:
    """Standard output is one line, the base URL, however much is done; requests are logged on standard error."""
    log = tmp_path / "log"
    with running_emulator(log=log) as (api, process):
        assert process.stdout is not None
        api.publish(api.registry(), packages.generic("a", "1.0.0"))
        assert api.client.get("/nothing").status_code == 404
        process.terminate()
        assert process.wait(timeout=300) == 0
        assert process.stdout.read() == ""
    assert "POST /v2/packages/organizations/my-org/registries/my-registry/packages 200" in log.read_text()


@pytest.mark.slow
def test_port_0_takes_a_free_one() -> None:
    """Two emulators with port 0 have each their own, on the loopback address, and answer there."""
    with running_emulator() as (one, _), running_emulator() as (two, _):
        ports = {api.client.base_url.port for api in (one, two)}
        assert len(ports - {0, None}) == 2
        for api in (one, two):
            assert api.client.base_url.host == "127.0.0.1"
            assert api.ok("list_registries") == []


@pytest.mark.slow
def test_help_fits_a_terminal() -> None:
    """The help names every option and the defaults, within 80 columns."""
    finished = run("--help", COLUMNS="80")
    assert finished.returncode == 0
    assert max(map(len, finished.stdout.splitlines())) <= 80
    words = finished.stdout.split()
    for option in ("--host", "--port", "--data", "--organization", "--token", "--max-upload-size"):
        assert option in words
    for default in ("127.0.0.1)", "8787)", "my-org)", "emulator)"):
        assert default in words
    assert "Traceback" not in finished.stderr


@pytest.mark.slow
def test_a_taken_port_is_refused() -> None:
    """A port that another process listens on ends the command with status 2 and one line."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert_refused(run(f"--port={port}"), f"port {port}")


@pytest.mark.slow
@pytest.mark.parametrize("host", ["192.0.2.1", "2001:db8::1"])
def test_an_address_that_is_not_here_is_refused(host: str) -> None:
    """A host that cannot be listened on ends the command with status 2 and one line."""
    assert_refused(run(f"--host={host}", "--port=0"), host)


@pytest.mark.slow
@pytest.mark.parametrize("obstacle", ["data", "data/blobs", "data/emulator.sqlite3"])
def test_a_file_in_the_way_of_the_folder_is_refused(tmp_path: Path, obstacle: str) -> None:
    """A data path that is something else ends the command with status 2 and one line, and stays unchanged."""
    path = tmp_path / obstacle
    path.parent.mkdir(exist_ok=True)
    path.write_text("This is no database, no folder, but somebody's text.\n" * 100)
    before = path.read_bytes()
    assert_refused(run("--port=0", f"--data={tmp_path / 'data'}"), str(tmp_path / "data"))
    assert path.read_bytes() == before


@pytest.mark.slow
def test_a_folder_in_the_way_of_the_database_is_refused(tmp_path: Path) -> None:
    """A folder where the database should be ends the command with status 2 and one line."""
    (tmp_path / "emulator.sqlite3").mkdir()
    assert_refused(run("--port=0", f"--data={tmp_path}"), str(tmp_path))


@pytest.mark.slow
def test_a_folder_below_a_file_is_refused(tmp_path: Path) -> None:
    """A data folder that cannot be made ends the command with status 2 and one line."""
    (tmp_path / "file").touch()
    assert_refused(run("--port=0", f"--data={tmp_path / 'file' / 'data'}"), str(tmp_path))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("argument", "reason"),
    [
        ("--token=secret=read_everything", "unknown scope read_everything"),
        ("--token=secret=read_packages,oops,read_registries", "unknown scope oops"),
        ("--token=", "a token needs"),
        ("--token=two words", "a token needs"),
        ("--token==read_packages", "a token needs"),
        ("--organization=My Org", "no slug"),
        ("--organization=", "no slug"),
        ("--organization=../up", "no slug"),
        (f"--organization={'a' * 101}", "no slug"),
        ("--max-upload-size=5GB", "no number of bytes"),
        ("--max-upload-size=0", "no number of bytes"),
        ("--max-upload-size=-1", "no number of bytes"),
        ("--port=65536", "no port"),
        ("--port=http", "no port"),
        ("--color=green", "unrecognized arguments: --color=green"),
        ("extra", "unrecognized arguments: extra"),
    ],
)
def test_a_wrong_option_is_refused(argument: str, reason: str) -> None:
    """An option that cannot be understood ends the command with status 2 and one line that says why."""
    assert_refused(run("--port=0", argument), reason)


def statuses(api: Api, token: str) -> tuple[int, int]:
    """List registries, and create one: what a token gets for each."""
    body = {"name": f"by {token}", "ecosystem": "ruby"}
    listed, created = api.call("list_registries", token=token), api.call("create_registry", token=token, json=body)
    return listed.status_code, created.status_code


@pytest.mark.slow
def test_tokens_have_the_scopes_that_are_listed() -> None:
    """`--token` may be repeated; each token has the listed scopes, or all; the default token is not valid then."""
    listed = ["--token=reader=read_registries", "--token=writer=write_registries,read_registries", "--token=all"]
    with running_emulator(*listed, "--token=none=") as (api, _):
        assert statuses(api, "reader") == (200, 403)
        assert statuses(api, "writer") == (200, 200)
        assert statuses(api, "all") == (200, 200)
        assert statuses(api, "none") == (403, 403)
        assert statuses(api, "emulator") == (401, 401)
        assert statuses(api, "reader=read_registries") == (401, 401)


@pytest.mark.slow
def test_organizations_are_those_that_are_listed() -> None:
    """`--organization` may be repeated; each has separate registries, and the default one does not exist then."""
    with running_emulator("--organization=acme", "--organization=umbrella_2") as (api, _):
        api.ok("create_registry", organization="acme", json={"name": "one", "ecosystem": "ruby"})
        assert len(api.ok("list_registries", organization="acme")) == 1
        assert api.ok("list_registries", organization="umbrella_2") == []
        assert api.call("list_registries").status_code == 404


@pytest.mark.slow
@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_an_orderly_end_finishes_what_is_under_way(tmp_path: Path, end: signal.Signals) -> None:
    """After SIGTERM or SIGINT no connection is taken, an upload that trickles in still lands, and the status is 0."""
    data, log = tmp_path / "data", tmp_path / "log"
    body = form(part(bytes(10_000), file_name="a-1.0.0.bin"))
    with running_emulator(f"--data={data}", log=log) as (api, process):
        url = api.client.base_url
        registry = api.registry()
        with upload_under_way(url, registry, len(body)) as connection:
            connection.sendall(body[:100])
            process.send_signal(end)
            until(lambda: refuses(url), "no connection is taken any more")
            assert process.poll() is None
            for start in range(100, len(body), 1000):
                connection.sendall(body[start : start + 1000])
            assert receive_head(connection).startswith(b"HTTP/1.1 200 ")
        assert process.wait(timeout=300) == 0
    assert "Traceback" not in log.read_text()
    assert len(blobs_below(data / "blobs")) == 1


@pytest.mark.slow
@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_idle_connections_do_not_hold_an_end_up(end: signal.Signals) -> None:
    """After SIGTERM or SIGINT the command ends though a client keeps its connection open."""
    with running_emulator() as (api, process):
        api.ok("list_registries")  # leaves the connection open in the client's pool
        with connected(api.client.base_url):
            process.send_signal(end)
            assert process.wait(timeout=50) == 0  # sooner than requests under way and idle connections are given up


@pytest.mark.slow
def test_a_host_that_is_none_is_refused() -> None:
    """A host that cannot be looked up is named, whatever is wrong with it."""
    for host in ("a" * 70, "no such host"):
        assert_refused(run("--port=0", f"--host={host}"), "cannot listen on")


@pytest.mark.slow
def test_a_data_folder_may_have_any_name(tmp_path: Path) -> None:
    """Signs that mean something in a URL mean nothing in the name of the folder."""
    data = tmp_path / "what?a=b #%20 ü"
    with running_emulator(f"--data={data}") as (api, _):
        api.registry()
        assert (data / "emulator.sqlite3").exists()
    assert [path.name for path in tmp_path.iterdir()] == [data.name]
