"""The README and the emulator's manual: their examples run as written, and what they name is there."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from buildkite_emulator.testing import RunningEmulator
from scripts import ROOT
from scripts.samples import packages
from scripts.servers.api import ORGANIZATION, TOKEN, Api, running_emulator
from scripts.servers.raw_requests import until

pytestmark = pytest.mark.slow

README, MANUAL = "README.md", "emulator/README.md"
OTHERS = ("CONTRIBUTING.md", "SECURITY.md")
TEXTS = {name: (ROOT / name).read_text(encoding="utf-8") for name in (README, MANUAL, *OTHERS)}
PORT = 8787
"""The emulator's default, which the README's example uses."""

FENCE = re.compile(r"^```(?P<language>\w*)\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\(([^)\s]+)\)")
SUFFIXES = (".md", ".py", ".toml", ".yaml", ".json", ".txt")


def example(heading: str, language: str, name: str = README) -> str:
    """Find the only fenced block of a language under a heading."""
    _, found, after = TEXTS[name].partition(f"\n## {heading}\n")
    assert found, f"{name} has no section {heading!r}"
    section = re.split(r"^## ", after, maxsplit=1, flags=re.MULTILINE)[0]
    (code,) = [fence["code"] for fence in FENCE.finditer(section) if fence["language"] == language]
    return code


def environment(**changes: str) -> dict[str, str]:
    """Make an environment in which the commands of the tests' own environment are found, and no Buildkite settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("BUILDKITE_")}
    return {**kept, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}", **changes}


def is_free(port: int) -> bool:
    """Tell whether nobody listens on a port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return True
    return False


def free_port() -> int:
    """Let the system choose a free port."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert isinstance(port, int)
    return port


def run_example(folder: Path, api: Api, *command: str, **changes: str) -> str:
    """Run an example in a folder, with the environment pointing at an emulator; gives what it prints."""
    settings = {
        "BUILDKITE_REST_API_ENDPOINT": str(api.client.base_url),
        "BUILDKITE_API_TOKEN": api.token,
        "BUILDKITE_ORGANIZATION_SLUG": ORGANIZATION,
        **changes,
    }
    finished = subprocess.run(
        command, cwd=folder, env=environment(**settings), capture_output=True, text=True, timeout=300, check=False
    )
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


def make_ready(folder: Path, api: Api) -> None:
    """Give what the client's examples take for granted: gems in the folder, and registries of gems."""
    for name in ("banana", "cherry"):
        file_name, content = packages.gem(name, "1.0.0")
        for place in (folder, folder / "dist"):
            place.mkdir(exist_ok=True)
            (place / file_name).write_bytes(content)
    for name in ("my other registry", "my gems"):
        api.registry("ruby", name)


@pytest.fixture
def reset_api(buildkite_emulator: RunningEmulator) -> Iterator[Api]:
    """Reach an emulator that has nothing yet, over a socket."""
    with httpx.Client(base_url=buildkite_emulator.url, timeout=300) as client:
        yield Api(client, buildkite_emulator.token)


@pytest.mark.parametrize(
    ("heading", "shown"),
    [
        ("Errors", "get_registry 404 No registry found GET http"),
        ("Retries", "my-gems\n"),
        ("Publish many files", "cherry-1.0.0.gem is published\n"),
        ("Drift in your own traffic", "my-gems\n"),
    ],
)
def test_an_example_of_the_client_runs(reset_api: Api, tmp_path: Path, heading: str, shown: str) -> None:
    """A Python block of the client's sections runs as it stands, with the environment pointing at an emulator."""
    make_ready(tmp_path, reset_api)
    assert shown in run_example(tmp_path, reset_api, sys.executable, "-c", example(heading, "python"))


def test_the_example_of_oidc_tokens_runs(buildkite_emulator: RunningEmulator, reset_api: Api, tmp_path: Path) -> None:
    """The Python block of OIDC tokens publishes with a token of the Buildkite agent alone."""
    make_ready(tmp_path, reset_api)
    policy = [{"iss": "https://agent.buildkite.com", "claims": {"pipeline_slug": "release"}}]
    reset_api.ok("update_registry", "my-gems", json={"oidc_policy": policy})
    agent = tmp_path / "bin" / "buildkite-agent"
    agent.parent.mkdir()
    agent.write_text(f"#!/bin/sh\necho {buildkite_emulator.oidc_token('my-gems', pipeline_slug='release')}\n")
    agent.chmod(0o755)
    path = f"{agent.parent}{os.pathsep}{environment()['PATH']}"
    run_example(
        tmp_path, reset_api, sys.executable, "-c", example("OIDC tokens", "python"), PATH=path, BUILDKITE_API_TOKEN=""
    )
    (package,) = reset_api.ok("list_packages", "my-gems")["items"]
    assert package["name"] == "banana"


def test_the_example_leaves_what_it_says(reset_api: Api, tmp_path: Path) -> None:
    """The first example runs; then there are the registry, the package, its copy and the registry token."""
    make_ready(tmp_path, reset_api)
    code = example("Use the client", "python")
    assert "banana 1.0.0\n" in run_example(tmp_path, reset_api, sys.executable, "-c", code)
    for registry in ("my-registry", "my-other-registry"):
        (package,) = reset_api.ok("list_packages", registry)["items"]
        assert package["name"] == "banana"
    (token,) = reset_api.ok("list_registry_tokens", "my-registry")
    assert token["description"] == "Usher"


def test_the_command_line_s_example_runs(reset_api: Api, tmp_path: Path) -> None:
    """The shell block of the command line runs as it stands, and leaves what it says."""
    (tmp_path / "dist").mkdir()
    for package in (packages.gem("banana", "1.0.0"), packages.gem("cherry", "2.0.0")):
        (tmp_path / "dist" / package[0]).write_bytes(package[1])
    script = example("Use the command line", "sh")
    shown = run_example(tmp_path, reset_api, "bash", "-euo", "pipefail", "-c", script)
    assert "banana-1.0.0.gem" in shown
    left = {slug: reset_api.ok("list_packages", slug)["items"] for slug in ("my-gems", "other-gems")}
    assert {slug: [each["name"] for each in items] for slug, items in left.items()} == {
        "my-gems": ["cherry"],
        "other-gems": ["banana"],
    }


def test_the_client_s_section_names_the_emulator() -> None:
    """The settings that the section gives for the emulator are those that it starts with by default."""
    section = TEXTS[README].partition("\n## Use the client\n")[2].partition("\n## ")[0]
    assert f"`{TOKEN}`, `{ORGANIZATION}` and `http://127.0.0.1:{PORT}`" in " ".join(section.split())


@pytest.mark.parametrize(
    ("name", "heading", "shown"),
    [
        (README, "Use the emulator", '"digests"'),
        (MANUAL, "Faults, limits, the clock and the log", '"applied":2'),
        (MANUAL, "OIDC tokens", '"items":[]'),
    ],
)
def test_an_emulator_example_runs(tmp_path: Path, name: str, heading: str, shown: str) -> None:
    """A shell block that starts an emulator runs as it stands, but for the port where that is taken."""
    script = example(heading, "sh", name)
    (named,) = set(re.findall("http://127.0.0.1:([0-9]+)", script))
    port = int(named)
    assert re.search(r"^buildkite-emulator", script, re.MULTILINE)
    if not is_free(port):
        port = free_port()
        script = re.sub("^buildkite-emulator", f"buildkite-emulator --port {port}", script, flags=re.MULTILINE)
        script = script.replace(f"--port {named}", "").replace(named, str(port))
    output = tmp_path / "output"
    with output.open("w") as file:  # not a pipe, which the emulator would keep open
        shell = subprocess.Popen(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=tmp_path,
            env=environment(),
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            status = shell.wait(timeout=300)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(shell.pid, signal.SIGTERM)
            shell.wait(timeout=300)
    text = output.read_text(encoding="utf-8")
    assert status == 0, text
    assert f"http://127.0.0.1:{port}\n" in text
    assert shown in text
    until(lambda: is_free(port), "the emulator has ended")


def test_the_seed_of_the_manual_is_one(tmp_path: Path) -> None:
    """An emulator starts with the seed under "Seeds and state", and holds what it says."""
    seed = tmp_path / "seed.yaml"
    seed.write_text(example("Seeds and state", "yaml", MANUAL), encoding="utf-8")
    (tmp_path / "banana-1.0.0.txt").write_text("a banana")
    with running_emulator(f"--seed={seed}") as (api, _):
        listed = api.ok("list_packages", "my-files", token="reader")["items"]  # noqa: S106 - the example's
    assert [(package["name"], package["version"]) for package in listed] == [("cherry", "2.0.0"), ("banana", "1.0.0")]


def test_the_tests_of_the_texts_pass(tmp_path: Path) -> None:
    """The tests that are shown pass as they stand, in a project of their own."""
    for number, (name, heading) in enumerate(((README, "Use the emulator"), (MANUAL, "In your tests"))):
        (tmp_path / f"test_shown{number}.py").write_text(example(heading, "python", name), encoding="utf-8")
    finished = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir=."],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout
    assert re.search(r"^[2-9]\d* passed", finished.stdout, re.MULTILINE)


def test_blocks_are_not_wide() -> None:
    """No line of a fenced block is longer than 100 characters, for the pages that show it do not wrap."""
    lines = [line for text in TEXTS.values() for fence in FENCE.finditer(text) for line in fence["code"].splitlines()]
    assert lines
    assert [line for line in lines if len(line) > 100] == []


def test_each_target_that_is_named_is_one() -> None:
    """Whatever the texts tell to `make` is a target of the Makefile."""
    whole = "\n".join(TEXTS.values())
    fenced = "".join(fence["code"] for fence in FENCE.finditer(whole))
    named = set(re.findall(r"^make ([a-z-]+)", "\n".join([*CODE.findall(whole), *fenced.splitlines()]), re.MULTILINE))
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert {"contract", "test", "generate"} <= named
    assert named - targets == set()


@pytest.mark.parametrize("name", [README, *OTHERS])
def test_each_path_that_is_named_is_there(name: str) -> None:
    """Whatever file or folder of the repository a text names exists, unless it is made on demand."""
    ignored = {line.strip("/") for line in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()}
    top = {path.name for path in ROOT.iterdir()}
    prose = FENCE.sub("", TEXTS[name])
    code = [text for text in CODE.findall(prose) if re.fullmatch(r"[\w.-][\w./-]*", text)]
    paths = {text for text in code if text.endswith(("/", *SUFFIXES)) or text.partition("/")[0] in top}
    paths |= {link.partition("#")[0] for link in LINK.findall(prose) if "://" not in link and not link.startswith("#")}
    assert paths or name == "SECURITY.md"
    assert {path for path in paths if path.partition("/")[0] not in ignored and not (ROOT / path).exists()} == set()


def test_each_option_that_is_named_is_one() -> None:
    """Every option of the emulator is in the manual, and the manual has no other."""
    command = [sys.executable, "-m", "buildkite_emulator", "--help"]
    help_text = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True).stdout
    options = set(re.findall(r"--[a-z][a-z-]+", help_text)) - {"--help"}
    table = [line for line in TEXTS[MANUAL].splitlines() if line.startswith("| `--")]
    assert {option for line in table for option in re.findall(r"--[a-z][a-z-]+", line)} == options
