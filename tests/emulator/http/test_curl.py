"""The curl command of a request that somebody hostile sent: it goes here alone, and reads no file that was named."""

import json
import os
import re
import shlex
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from scripts.servers.api import Api
from scripts.servers.raw_requests import connected, form, head, part, receive_head
from tests.support.emulators import emulator_in_thread

pytestmark = pytest.mark.slow

REGISTRIES = "/v2/packages/organizations/my-org/registries"

STAND_IN = """#!/bin/sh
printf '%s\\0' "$@" > "$ARGUMENTS"
"""
"""A curl that writes down its arguments."""


def last(api: Api) -> dict[str, Any]:
    """Give the last request in the log."""
    entries: list[dict[str, Any]] = api.client.get("/_emulator/requests").json()["requests"]
    return entries[-1]


def run(entry: Mapping[str, Any], folder: Path, token: str = "emulator") -> list[str]:  # noqa: S107 - it is no secret
    """Run a command with a stand-in for curl, in bash; returns the arguments. No other program may run."""
    assert entry["curl"].isprintable()
    tools = folder / "tools"
    tools.mkdir(exist_ok=True)
    (tools / "curl").write_text(STAND_IN)
    (tools / "curl").chmod(0o755)
    arguments, work = folder / "arguments", folder / "work"
    work.mkdir(exist_ok=True)
    environment = {"PATH": str(tools), "BUILDKITE_API_TOKEN": token, "ARGUMENTS": str(arguments)}
    subprocess.run(["/bin/bash", "-euc", entry["curl"]], env=environment, cwd=work, check=True, timeout=300)
    assert not list(work.iterdir())
    return arguments.read_text().split("\0")[:-1]


def check(words: list[str], address: str) -> None:
    """See that a command goes to the emulator alone, and reads no file but the two whose names are ours."""
    values = iter(words)
    addresses = []
    for word in values:
        if word in ("-X", "--data-raw"):
            next(values)
        elif word == "-H":
            assert re.match("[A-Za-z]", next(values))
        elif word == "--data-binary":
            assert next(values) == "@BODY"
        elif word == "-F":
            assert re.fullmatch(r'file=@("\./[^/]+"|FILE(;filename="([^"\\]|\\.)*")?)', next(values))
        elif word not in ("--head", "--globoff", "--path-as-is"):
            addresses.append(word)
    assert [each for each in addresses if not each.startswith(f"{address}/")] == []
    assert len(addresses) == 1


BODIES = [
    *("@/etc/hostname", "@-", "<x", "-o/tmp/x", "--upload-file=/etc/passwd", "=@/etc/passwd", "a=@/etc/passwd"),
    *("'; touch pwned; '", "$(touch pwned)", "`touch pwned`", '"; touch pwned; "', "\\'; touch pwned #", "!!", "'\\''"),
    *(
        "a\ntouch pwned\n",
        "a\r\ntouch pwned\r",
        "\x1b]0;x\x07",
        "\x1b[201~touch pwned\n",
        "\x15\x03touch pwned\n",
        "\x9b1m",
    ),
    *(
        "\u202etext",
        '{"name": "\x7f\u202e\u2028", "x":\n\t"y"}',
        '{\n  "name": "it\'s"\n}',
        "\x00",
        "\x08\x08\x08",
        "é",
    ),
]


@pytest.mark.parametrize("body", BODIES)
def test_a_body_is_no_more_than_a_body(api: Api, tmp_path: Path, body: str) -> None:
    """Whatever a body says, the command sends it as it is, or leaves it to be filled in."""
    headers = {"Content-Type": "application/json"}
    api.call("create_registry", content=body.encode(), headers=headers)
    words = run(last(api), tmp_path)
    check(words, "http://testserver")
    sent = words[words.index("--data-raw") + 1] if "--data-raw" in words else None
    if body.isprintable():
        assert sent == body
    elif body.startswith("{\n"):
        assert sent is not None
        assert json.loads(sent) == json.loads(body)
    elif body.startswith('{"'):
        assert sent == '{"name": "\\u007f\\u202e\\u2028", "x":  "y"}'
    else:
        assert sent is None


NAMES = [
    *("/etc/hostname", "../../etc/hostname", "./x", "..", ".", ".netrc", "-", "-o", "~/.ssh/id_rsa", "~root", "$HOME"),
    *("a;type=text/html", 'a";filename="b', "a,/etc/passwd", "a,b", "@x", "<x", "`touch pwned`", "$(touch pwned)", "'"),
    *("a\nb", "\x1b[2J", "\u202efdp.exe", "hostname", "C:\\x", "a\\", "a" * 2000),
]


@pytest.mark.parametrize("accepted", [True, False])
@pytest.mark.parametrize("name", NAMES)
def test_the_name_of_a_file_is_no_path_to_read(api: Api, tmp_path: Path, name: str, *, accepted: bool) -> None:
    """A file is looked for in the folder of the command, under its own name or under ours, and nowhere else."""
    name += "-1.0.0.txt" if accepted else ""
    registry = api.registry()
    body = form(part(b"x", file_name=name.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "%0A")))
    headers = {"Content-Type": "multipart/form-data; boundary=boundary"}
    api.call("publish_package", registry, content=body, headers=headers)
    check(run(last(api), tmp_path), "http://testserver")


@pytest.mark.parametrize(
    "headers",
    [
        {"@/etc/hostname": "x"},
        {"X-Y": "a\r\nHost: evil.example"},
        {"X-Y": "\x1b[2J"},
        {"X-Y": "é"},
        {"X-Y": "$(touch pwned) `touch pwned` '; touch pwned"},
        {"X-Y;": "x"},
        {"-o": "x"},
    ],
    ids=str,
)
def test_a_header_is_no_more_than_a_header(api: Api, tmp_path: Path, headers: Mapping[str, str]) -> None:
    """Headers that curl or a terminal would take for something else are left out."""
    sent = {name.encode(): value.encode() for name, value in headers.items()}
    api.client.get(REGISTRIES, headers=sent)
    check(run(last(api), tmp_path), "http://testserver")


@pytest.mark.parametrize(
    "path", ["/[1-9]{a,b}", "/\x9b", "/%0a", "//evil.example/", "/$(touch%20pwned)", "/'", "/..;/x"]
)
def test_an_address_is_no_more_than_an_address(api: Api, tmp_path: Path, path: str) -> None:
    """A path leads to the emulator, and is no pattern, however it is written."""
    api.client.get(REGISTRIES + path)
    check(run(last(api), tmp_path), "http://testserver")


def test_the_command_goes_to_the_emulator_whatever_the_host(tmp_path: Path) -> None:
    """An allowed name of the request is not where the token is sent to; the address that was connected to is."""
    with emulator_in_thread(tmp_path, allowed_hosts=["evil.example"]) as api:
        for host in ("evil.example", "localhost.:1"):
            api.call("list_registries", headers={"Host": host})
            words = shlex.split(last(api)["curl"])
            assert [word for word in words if "//" in word] == [f"{str(api.client.base_url).rstrip('/')}{REGISTRIES}"]
            assert host not in last(api)["curl"]


def test_curl_itself_reads_no_file_elsewhere(served: Api, tmp_path: Path) -> None:
    """Where a path was sent for a name, the real curl looks for the file beside it, and does not find it."""
    registry = served.registry(name="curl itself")
    body = form(part(b"x", file_name="/etc/hostname"))
    with connected(served.client.base_url) as connection:
        connection.sendall(head(registry, len(body)) + body)
        assert receive_head(connection).startswith(b"HTTP/1.1 422 ")
    environment = {"PATH": os.environ["PATH"], "BUILDKITE_API_TOKEN": served.token}
    command = ["sh", "-euc", f"{last(served)['curl']} -sS"]
    assert subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, check=False).returncode == 26
