"""The command: its output, its exit status, its options, its end."""

import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from buildkite_emulator.cli import parse
from scripts.samples import packages
from scripts.servers.api import running_emulator
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
from tests.support.command import refusal


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
def test_a_refusal_is_one_line_and_status_2() -> None:
    """A port that another process listens on ends the command; `refusal` tries the other refusals in process."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        command = [sys.executable, "-m", "buildkite_emulator", f"--port={port}"]
        finished = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert (finished.returncode, finished.stdout) == (2, ""), finished.stderr
    (line,) = finished.stderr.splitlines()
    assert line.startswith("buildkite-emulator: ")
    assert f"port {port}" in line


@pytest.mark.parametrize("obstacle", ["data", "data/blobs", "data/emulator.sqlite3", "a file above it", "a folder"])
def test_a_data_folder_that_cannot_be_used_is_refused(tmp_path: Path, obstacle: str) -> None:
    """The message names the folder where a file or a folder is in the way, which stays unchanged."""
    data = tmp_path / "data"
    text = "This is no database, no folder, but somebody's text.\n" * 100
    if obstacle == "a folder":
        (data / "emulator.sqlite3").mkdir(parents=True)
    else:
        path = data if obstacle == "a file above it" else tmp_path / obstacle
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    assert str(data) in refusal(f"--data={data / 'below' if obstacle == 'a file above it' else data}")
    assert obstacle == "a folder" or path.read_text() == text


@pytest.mark.parametrize(
    ("argument", "reason"),
    [
        ("--token=secret=read_everything", "unknown scope read_everything"),
        ("--token=secret=read_packages,oops,read_registries", "unknown scope oops"),
        ("--token=", "a token needs"),
        ("--token=two words", "a token needs"),
        ("--token==read_packages", "a token needs"),
        ("--token=t=@nope", "there is no organization `nope` for a token"),
        ("--token=t=@", "'' is no slug"),
        ("--token=t=@One", "'One' is no slug"),
        ("--token=t=reed@my-org", "unknown scope reed"),
        ("--organization=My Org", "no slug"),
        ("--organization=", "no slug"),
        ("--organization=../up", "no slug"),
        (f"--organization={'a' * 101}", "no slug"),
        ("--max-upload-size=5GB", "no number of bytes"),
        ("--max-upload-size=0", "no number of bytes"),
        ("--max-upload-size=-1", "no number of bytes"),
        ("--workers=0", "no number of processes"),
        ("--rate-limit=200", "use ORG/USER, requests a minute, such as 200/50"),
        ("--rate-limit=200/", "use ORG/USER"),
        ("--rate-limit=0/50", "use ORG/USER"),
        ("--rate-limit=200/-1", "use ORG/USER"),
        ("--rate-limit=200/50/1", "use ORG/USER"),
        ("--rate-limit=2e2/50", "use ORG/USER"),
        ("--port=65536", "no port"),
        ("--port=http", "no port"),
        ("--host=192.0.2.1", "cannot listen on 192.0.2.1"),
        ("--host=2001:db8::1", "cannot listen on 2001:db8::1"),
        (f"--host={'a' * 70}", "cannot listen on"),
        ("--host=no such host", "cannot listen on"),
        ("--color=green", "unrecognized arguments: --color=green"),
        ("extra", "unrecognized arguments: extra"),
    ],
)
def test_a_wrong_option_is_refused(argument: str, reason: str) -> None:
    """An option that cannot be understood ends the command with status 2 and one line that says why."""
    assert reason in refusal(argument)


def test_help_fits_a_terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The help names every option and the defaults, within 80 columns."""
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit) as ended:
        parse(["--help"])
    assert ended.value.code == 0
    printed = capsys.readouterr().out
    assert max(map(len, printed.splitlines())) <= 80
    words = printed.split()
    for option in ("--host", "--port", "--data", "--organization", "--token", "--max-upload-size"):
        assert option in words
    for default in ("127.0.0.1)", "8787)", "my-org)", "emulator)"):
        assert default in words


@pytest.mark.slow
def test_the_emulator_is_as_the_options_say(tmp_path: Path) -> None:
    """Organizations and tokens are those that are listed, beside a seed's; the limits are those that are given."""
    seed = tmp_path / "seed.yaml"
    seed.write_text("organizations: [acme]\ntokens: [{token: seeded}]\nusers: [{name: Ann, email: ann@example.com}]")
    tokens = ("reader=read_registries", "writer=write_registries,read_registries", "all", "none=", "mine=@two", "d@e")
    options = ["--strict", "--rate-limit=1000/30", "--max-upload-size=10", f"--seed={seed}", "--organization=acme"]
    with running_emulator(*options, "--organization=two", *[f"--token={each}" for each in tokens]) as (api, _):

        def statuses(token: str) -> tuple[int, int, int]:
            body = {"name": f"by {token}", "ecosystem": "files"}
            listed = [api.call("list_registries", organization=slug, token=token) for slug in ("acme", "two")]
            created = api.call("create_registry", organization="acme", token=token, json=body)
            return listed[0].status_code, listed[1].status_code, created.status_code

        assert statuses("reader") == (200, 200, 403)
        assert statuses("writer") == statuses("all") == statuses("d@e") == statuses("seeded") == (200, 200, 200)
        assert statuses("none") == (403, 403, 403)
        assert statuses("mine") == (404, 200, 404)
        assert statuses("emulator") == statuses("reader=read_registries") == (401, 401, 401)
        api.token = "all"  # noqa: S105
        assert api.call("list_registries").status_code == 404  # no default organization
        assert (
            api.call("create_registry", organization="two", json={"nmae": "x"}).json()["errors"][0]["field"] == "nmae"
        )
        large = api.publish("by-all", packages.generic("a", "1.0.0", bytes(11)), organization="acme")
        assert "larger than 10 bytes" in large.json()["message"]
        made = api.ok("create_registry_token", "by-all", organization="acme", json={"description": ""})
        assert made["created_by"]["email"] == "ann@example.com"
        assert [api.call("list_registries", organization="two").status_code for _ in range(20)][-1] == 429


@pytest.mark.slow
@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_an_orderly_end_finishes_what_is_under_way(tmp_path: Path, end: signal.Signals) -> None:
    """After SIGTERM or SIGINT no connection is taken, a slow upload still lands, idle connections do not matter."""
    data, log = tmp_path / "what?a=b #%20 ü", tmp_path / "log"  # signs that mean something in a URL
    body = form(part(bytes(10_000), file_name="a-1.0.0.bin"))
    with running_emulator(f"--data={data}", log=log) as (api, process):
        url = api.client.base_url
        registry = api.registry()
        with connected(url), upload_under_way(url, registry, len(body)) as connection:
            connection.sendall(body[:100])
            process.send_signal(end)
            until(lambda: refuses(url), "no connection is taken any more")
            assert process.poll() is None
            for start in range(100, len(body), 1000):
                connection.sendall(body[start : start + 1000])
            assert receive_head(connection).startswith(b"HTTP/1.1 200 ")
            assert process.wait(timeout=50) == 0  # sooner than an idle connection is given up
    assert "Traceback" not in log.read_text()
    assert len(blobs_below(data / "blobs")) == 1
