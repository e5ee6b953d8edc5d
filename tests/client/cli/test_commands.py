"""The commands that are made of the API's description, against an emulator."""

import json
import signal
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

import pytest

from buildkite_emulator.testing import RunningEmulator
from buildkite_packages.cli.commands import root
from buildkite_packages.cli.description import operations
from tests.client.cli.conftest import Run, SilentService
from tests.client.cli.terminal import COMMAND
from tests.support.client import serving


def test_every_operation_has_a_command() -> None:
    """Each operation is called by a command, whose help has its description, its scopes and its link."""
    commands = root()
    found = {name: [name] for name in commands.commands}
    for each in operations():
        name = "show" if each.method.name == "get" else each.method.name.replace("_", "-")
        group = commands if name in found and each.method.resource == "packages" else None
        if group is None:
            group = commands.commands[each.method.resource.replace("_", "-")]  # type: ignore[assignment]
        command = group.commands[name]  # type: ignore[union-attr]
        assert command.help == f"{each.summary}.\n\n{each.description}"
        assert each.scopes in (command.epilog or "")
        assert each.link in (command.epilog or "")


@pytest.mark.slow
def test_the_help_loads_little() -> None:
    """Help needs neither httpx, nor rich, nor a model, so that it is there at once."""
    code = (
        "import sys; from buildkite_packages.cli import main; sys.argv[1:] = ['registries', 'create', '--help'];"
        "main(); print([name for name in sys.modules if name in ('httpx', 'rich') or '.models' in name])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("\n[]\n")


@pytest.mark.slow
def test_without_its_libraries_it_says_what_to_install(tmp_path: Path) -> None:
    """Installed without the extra, the command names the extra, without a traceback."""
    code = (
        "import sys, importlib.abc\n"
        "class Hidden(importlib.abc.MetaPathFinder):\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name in ('click', 'rich'): raise ModuleNotFoundError(name)\n"
        "import importlib.util\n"
        "find = importlib.util.find_spec\n"
        "importlib.util.find_spec = lambda name, *rest: None if name in ('click', 'rich') else find(name, *rest)\n"
        "sys.meta_path.insert(0, Hidden())\n"
        "from buildkite_packages.cli import main; sys.exit(main())"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "buildkite-packages: click and rich cannot be found; install buildkite-packages[cli]\n"


def test_registries_from_their_beginning_to_their_end(cli: Run) -> None:
    """A registry is created, listed, shown, changed and deleted, in lines and in JSON."""
    policy = "- iss: https://agent.buildkite.com\n"
    made = cli(
        "registries", "create", "--name=my gems", "--ecosystem=ruby", "--color=#123456", f"--oidc-policy={policy}"
    )
    shown = dict(line.split("\t") for line in made.lines)
    assert (made.status, shown["slug"], shown["public"], shown["color"]) == (0, "my-gems", "false", "#123456")
    assert shown["oidc_policy"] == "- iss: https://agent.buildkite.com\\n"
    assert cli("registries", "show", "my-gems", "--json").json["oidc_policy"] == policy
    (line,) = cli("registries", "list").lines
    assert line.split("\t")[:3] == ["my-gems", "my gems", "ruby"]
    assert [each["slug"] for each in cli("registries", "list", "--json").json] == ["my-gems"]
    changed = cli("registries", "update", "my-gems", "--description=Gems", "--no-oidc-policy", "--json").json
    assert (changed["description"], changed["oidc_policy"]) == ("Gems", None)
    assert cli("registries", "delete", "my-gems", "--yes") == (0, "deleted my-gems\n", "")
    assert cli("registries", "list", "--json").json == []


def test_a_policy_comes_from_a_file(cli: Run, tmp_path: Path) -> None:
    """`@FILE` reads a value from a file, as JSON or as text, and one that is not there is a wrong use."""
    file = tmp_path / "policy.json"
    file.write_text('[{"iss": "https://agent.buildkite.com"}]')
    made = cli("registries", "create", "--name=a", "--ecosystem=ruby", f"--oidc-policy=@{file}", "--json")
    assert "https://agent.buildkite.com" in made.json["oidc_policy"]
    missing = cli("registries", "create", "--name=b", "--ecosystem=ruby", "--oidc-policy=@nothing.yaml")
    assert missing.status == 2
    assert "nothing.yaml: No such file or directory" in missing.err


def test_registry_tokens_show_their_secret_once(cli: Run, registry: str) -> None:
    """The secret of a registry token is printed when it is made, with a word on it, and in no list."""
    made = cli("registry-tokens", "create", registry, "--description=Usher", "--json")
    secret = made.json["token"]
    assert "shown this once" in made.err
    listed = cli("registry-tokens", "list", registry)
    assert listed.lines[0].split("\t")[:2] == [made.json["id"], "Usher"]
    assert secret not in listed.out
    changed = cli("registry-tokens", "update", registry, made.json["id"], "--description=Other", "--json")
    assert changed.json["description"] == "Other"
    assert cli("registry-tokens", "delete", registry, made.json["id"], "--yes").status == 0


def test_packages_are_listed_shown_copied_and_deleted(cli: Run, registry: str, gems: list[Path]) -> None:
    """The commands for packages stand at the top, and reach across pages."""
    other = cli("registries", "create", "--name=other", "--ecosystem=ruby", "--json").json["slug"]
    assert cli("publish", registry, *map(str, gems)).status == 0
    lines = cli("list", registry, "--per-page=1").lines
    assert sorted(line.split("\t")[1:3] for line in lines) == [["banana", each] for each in ("1.0.0", "1.1.0", "2.0.0")]
    ids = [line.split("\t")[0] for line in lines]
    assert {each["id"] for each in cli("list", registry, "--name=banana", "--json").json} == set(ids)
    assert cli("show", registry, ids[0], "--json").json["id"] == ids[0]
    copied = cli("copy", registry, ids[0], "--to", other, "--json").json
    assert copied["registry"]["slug"] == other
    deleted = cli("delete", registry, ids[0], str(uuid.UUID(int=1)), ids[1], "--yes")
    assert (deleted.status, deleted.lines) == (1, [f"deleted {ids[0]}", f"deleted {ids[1]}"])
    assert str(uuid.UUID(int=1)) in deleted.err
    results = cli("delete", registry, ids[0], ids[2], "--yes", "--json")
    assert [each["status"] for each in results.json] == ["failed", "deleted"]
    assert results.status == 1


def test_nothing_is_deleted_without_a_word(cli: Run, registry: str, buildkite_emulator: RunningEmulator) -> None:
    """Where nobody can be asked, a deletion needs `--yes`, and without it no request is sent."""
    before = len(buildkite_emulator.requests)
    refused = cli("registries", "delete", registry)
    assert refused.status == 2
    assert "--yes" in refused.err
    assert len(buildkite_emulator.requests) == before


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("show", "my-gems", "x"), 2, "'x' is not a valid UUID"),
        (("show", "my-gems", str(uuid.UUID(int=1))), 1, "404 Not Found"),
        (("registries", "create", "--name", "x"), 2, "Missing option '--ecosystem'"),
        (("registries", "create", "--name", "my gems", "--ecosystem", "ruby"), 1, "422"),
        (("registries", "show", ""), 2, "it is empty"),
        (("registries", "update", "my-gems"), 2, "Nothing to change is given"),
        (("registries", "update", "my-gems", "--description=x", "--no-description"), 2, "exclude each other"),
        (("list", "my-gems", "--per-page", "101"), 2, "1<=x<=100"),
        (("--attempts=2", "--no-retry", "registries", "list"), 2, "exclude each other"),
        (("--base-url", "http://example.com", "registries", "list"), 2, "--allow-http"),
        (("--base-url", "ftp://example.com", "registries", "list"), 2, "--base-url"),
        (
            ("--base-url", "http://127.0.0.1:1", "--no-retry", "registries", "list"),
            1,
            "no answer from http://127.0.0.1:1",
        ),
        (("--organization", "other", "registries", "list"), 1, "404 Not Found"),
        (("nonsense",), 2, "No such command"),
    ],
)
@pytest.mark.usefixtures("registry")
def test_a_mistake_is_told_in_a_sentence(cli: Run, arguments: tuple[str, ...], status: int, said: str) -> None:
    """What the user does wrong ends in a line that says what, nothing on standard output, and the right status."""
    ended = cli(*arguments)
    assert (ended.status, ended.out) == (status, "")
    assert said in ended.err.splitlines()[-1]


VARIABLES = ["BUILDKITE_API_TOKEN", "BUILDKITE_ORGANIZATION_SLUG", "BUILDKITE_REST_API_ENDPOINT"]


@pytest.mark.parametrize(
    ("variable", "value"),
    [*((each, None) for each in VARIABLES[:2]), *((each, value) for each in VARIABLES for value in ("", "  "))],
)
def test_a_missing_or_empty_setting_is_named(
    cli: Run, monkeypatch: pytest.MonkeyPatch, variable: str, value: str | None
) -> None:
    """A variable that is not set, or is empty, is named, and nothing is taken in its place."""
    if value is None:
        monkeypatch.delenv(variable)
    else:
        monkeypatch.setenv(variable, value)
    ended = cli("registries", "list")
    assert (ended.status, ended.out) == (2, "")
    assert ended.err.startswith(f"Error: {variable} is {'not set' if value is None else 'set and empty'}")
    assert ended.err.count("\n") == 1


@pytest.mark.parametrize("option", ["--organization", "--base-url"])
def test_an_empty_option_is_named(cli: Run, option: str) -> None:
    """An option that is given and empty is named, and no variable is taken in its place."""
    ended = cli(option, "", "registries", "list")
    assert (ended.status, ended.out) == (2, "")
    assert f"{option} is empty" in ended.err


@pytest.mark.slow
def test_verbose_tells_each_wait(process: Run, buildkite_emulator: RunningEmulator) -> None:
    """A wait is told on standard error where that is asked for; without retries there is none."""
    buildkite_emulator.fault(operation="list_registries", status=503, times=1)
    ended = process("--verbose", "registries", "list", "--json")
    assert (ended.status, ended.json) == (0, [])
    assert "waiting" in ended.err
    buildkite_emulator.fault(operation="list_registries", status=503, times=1)
    ended = process("--no-retry", "--verbose", "registries", "list")
    assert (ended.status, ended.out) == (1, "")
    assert "503" in ended.err


def test_what_the_service_says_steers_no_terminal(cli: Run) -> None:
    """Control characters in what comes from the service are escaped, in lines, in JSON and in errors."""
    name = "a\x1b[31m\x9b\u202e[red]x\ty\nz"
    made = cli("registries", "create", "--name=my gems", "--ecosystem=ruby", f"--description={name}")
    shown = cli("registries", "show", "my-gems", "--json")
    assert shown.json["description"] == name
    (line,) = cli("registries", "list").lines
    assert r"a\x1b[31m\x9b\u202e[red]x\ty\nz" in line.split("\t")
    for ended in (made, shown):
        assert all(each.isprintable() or each in "\t\n" for each in ended.out)


@pytest.mark.slow
def test_a_reader_that_ends_is_no_error(process: Run, registry: str) -> None:
    """Where nobody reads on, as before `| head`, the command ends quietly."""
    assert process("registries", "list").out
    script = f"{' '.join(COMMAND)} registries show {registry} | true"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("", "")


@pytest.mark.slow
def test_ctrl_c_ends_a_command(registry: str, silent_service: SilentService) -> None:
    """After Ctrl-C a command that waits for an answer ends with 130, and says what is open: nothing after a read."""
    for arguments, said in (
        (["show", registry], "Interrupted."),
        (["update", registry, "--name=x"], "Interrupted. What was asked for may have been done."),
    ):
        with subprocess.Popen(
            [*COMMAND, "registries", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=silent_service.environment,
        ) as running:
            silent_service.until_asked(running)
            running.send_signal(signal.SIGINT)
            out, err = running.communicate(timeout=300)
        assert (running.returncode, out, err) == (130, "", f"\n{said}\n")


UID = "0191df84-85e4-77aa-83ba-000000000001"
ODD_PACKAGE: dict[str, Any] = {"name": None, "created_at": "2025-07-16 06:07:42 UTC", "digests": None, "version": 1.0}
ODD_ANSWERS: dict[tuple[str, ...], Any] = {
    ("registries", "list"): [None, [], {"slug": "x", "public": None, "oidc_policy": []}],
    ("registries", "show", "x"): {"slug": None, "oidc_policy": [{"iss": 5}], "name": {"x": []}},
    ("registry-tokens", "list", "x"): [{"description": None, "created_by": None, "created_at": 5}],
    ("list", "x"): {"items": [None, ODD_PACKAGE], "links": None},
    ("show", "x", UID): ODD_PACKAGE,
    ("copy", "x", UID, "--to", "y"): ODD_PACKAGE,
}


@pytest.mark.parametrize("arguments", ODD_ANSWERS, ids=" ".join)
def test_what_does_not_fit_is_shown_as_it_came(cli: Run, arguments: tuple[str, ...]) -> None:
    """An answer with properties that are other than documented, or missing, is printed, and as JSON unchanged."""
    answer = ODD_ANSWERS[arguments]
    with serving({"*": (200, {}, json.dumps(answer).encode())}) as server:
        shown = cli("--base-url", server.url, *arguments)
        assert (shown.status, "Traceback" in shown.err) == (0, False)
        assert shown.out.strip()
        found = cli("--base-url", server.url, *arguments, "--json")
    assert found.json == (answer["items"] if arguments[0] == "list" else answer)
