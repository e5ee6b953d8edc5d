"""The README: its examples run as written, and what it names is there."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

from tests.api import TOKEN, Api
from tests.emulator import until

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PORT = 8787
"""The emulator's default, which the README's example uses."""

FENCE = re.compile(r"^```(?P<language>\w*)\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\(([^)\s]+)\)")
SUFFIXES = (".md", ".py", ".toml", ".yaml", ".json", ".txt")


def example(heading: str, language: str) -> str:
    """Find the only fenced block of a language under a heading."""
    _, found, after = README.partition(f"\n## {heading}\n")
    assert found, f"the README has no section {heading!r}"
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


def test_the_client_example_runs(served: Api, tmp_path: Path) -> None:
    """The Python block under "Use the client" runs as it stands, with the environment pointing at an emulator."""
    settings = {"BUILDKITE_REST_API_ENDPOINT": str(served.client.base_url), "BUILDKITE_API_TOKEN": TOKEN}
    finished = subprocess.run(
        [sys.executable, "-c", example("Use the client", "python")],
        cwd=tmp_path,
        env=environment(**settings),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    assert finished.stdout.strip(), "the example shows nothing"
    registries = [registry["slug"] for registry in served.ok("list_registries")]
    assert any(served.ok("list_packages", registry)["items"] for registry in registries)


def test_the_client_example_names_the_emulator() -> None:
    """Without those settings the example reaches the emulator as it starts by default."""
    code = example("Use the client", "python")
    for name, default in {
        "BUILDKITE_REST_API_ENDPOINT": f"http://127.0.0.1:{PORT}",
        "BUILDKITE_API_TOKEN": TOKEN,
    }.items():
        assert f'"{name}", "{default}"' in code


def test_the_emulator_example_runs(tmp_path: Path) -> None:
    """The shell block under "Use the emulator" runs as it stands, but for the port where that is taken."""
    script, port = example("Use the emulator", "sh"), PORT
    assert re.search(r"^buildkite-emulator &", script, re.MULTILINE)
    assert str(PORT) in script
    if not is_free(PORT):
        port = free_port()
        script = re.sub("^buildkite-emulator", f"buildkite-emulator --port {port}", script, flags=re.MULTILINE)
        script = script.replace(str(PORT), str(port))
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
            status = shell.wait(timeout=60)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(shell.pid, signal.SIGTERM)
            shell.wait(timeout=60)
    text = output.read_text(encoding="utf-8")
    assert status == 0, text
    assert f"http://127.0.0.1:{port}\n" in text
    assert '"digests"' in text, "no package was published"
    until(lambda: is_free(port), "the emulator has ended")


def test_blocks_are_not_wide() -> None:
    """No line of a fenced block is longer than 100 characters, for the pages that show it do not wrap."""
    lines = [line for fence in FENCE.finditer(README) for line in fence["code"].splitlines()]
    assert lines
    assert [line for line in lines if len(line) > 100] == []


def test_each_target_that_is_named_is_one() -> None:
    """Whatever the README tells to `make` is a target of the Makefile."""
    fenced = "".join(fence["code"] for fence in FENCE.finditer(README))
    named = set(re.findall(r"^make ([a-z-]+)", "\n".join([*CODE.findall(README), *fenced.splitlines()]), re.MULTILINE))
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert {"contract", "test", "generate"} <= named
    assert named - targets == set()


def test_each_path_that_is_named_is_there() -> None:
    """Whatever file or folder of the repository the README names exists, unless it is made on demand."""
    ignored = {line.strip("/") for line in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()}
    top = {path.name for path in ROOT.iterdir()}
    prose = FENCE.sub("", README)
    code = [text for text in CODE.findall(prose) if re.fullmatch(r"[\w.-][\w./-]*", text)]
    paths = {text for text in code if text.endswith(("/", *SUFFIXES)) or text.partition("/")[0] in top}
    paths |= {link.partition("#")[0] for link in LINK.findall(prose) if "://" not in link and not link.startswith("#")}
    assert {"openapi/", "generated/", "emulator/"} <= paths
    assert {path for path in paths if path.partition("/")[0] not in ignored and not (ROOT / path).exists()} == set()


def test_each_option_that_is_named_is_one() -> None:
    """Every option of the emulator is in the README, and the README has no other."""
    command = [sys.executable, "-m", "buildkite_emulator", "--help"]
    help_text = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    options = set(re.findall(r"--[a-z][a-z-]+", help_text)) - {"--help"}
    table = [line for line in README.splitlines() if line.startswith("| `--")]
    assert {option for line in table for option in re.findall(r"--[a-z][a-z-]+", line)} == options
