"""What a user, or the place where a command runs, gets wrong ends in a sentence, and never in a traceback."""

import subprocess
import sys
from pathlib import Path

import pytest

from buildkite_emulator.testing import RunningEmulator
from buildkite_packages.cli.session import CERTIFICATES, PROXIES
from tests.client.cli.conftest import Run
from tests.client.cli.terminal import COMMAND

pytestmark = pytest.mark.slow

NO_TEXT = "a\udcff"
"""An argument with a byte that is not UTF-8, as Python has it."""


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("registries", "update", "r", "--name", NO_TEXT), "--name"),
        (("registries", "update", "r", "--oidc-policy", "@-"), "oidc-policy"),
        (("registries", "show", NO_TEXT), "REGISTRY"),
        (("--organization", NO_TEXT, "registries", "list"), "--organization"),
        (("--base-url", f"http://127.0.0.1/{NO_TEXT}", "registries", "list"), "--base-url"),
        (("publish", "r", "-", "--filename", NO_TEXT), "--filename"),
        (("publish", "r", "-", "--filename", ""), "--filename is empty"),
        (("--base-url", "https://xn--a", "registries", "list"), "--base-url"),
        (("registries", "show", ".."), "REGISTRY"),
        (("publish", ".", "-", "--filename", "x"), "REGISTRY"),
        (("--organization", "..", "registries", "list"), "--organization"),
    ],
)
def test_what_cannot_be_sent_is_named(cli: Run, process: Run, arguments: tuple[str, ...], named: str) -> None:
    """Bytes that are not UTF-8, and names that no address can hold, are a wrong use; the message names their place."""
    ended = process(*arguments, stdin=b"\xff\xfe") if {"-", "@-"} & set(arguments) else cli(*arguments)
    assert (ended.status, ended.out) == (2, "")
    assert named in ended.err.splitlines()[-1]


def test_text_that_the_locale_does_not_know_is_named(process: Run) -> None:
    """In a locale without Unicode, letters beyond ASCII are a wrong use, and the locale's encoding is named."""
    ended = process("registries", "update", "r", "--description", "ünï", LC_ALL="C", PYTHONUTF8="0")
    assert (ended.status, ended.out) == (2, "")
    assert "--description is not text in ascii" in ended.err


def test_standard_input_is_text_in_any_locale(process: Run, registry: str) -> None:
    """`@-` reads UTF-8, as `@FILE` does, whatever the locale."""
    arguments = ("registries", "update", registry, "--json", "--oidc-policy", "@-")
    policy = "- iss: https://agent.buildkite.com # ünï\n"
    ended = process(*arguments, stdin=policy.encode(), LC_ALL="C", PYTHONUTF8="0")
    assert ended.json["oidc_policy"] == policy


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("ALL_PROXY", "socks5://user:secret@127.0.0.1:1"),
        ("HTTP_PROXY", "ftp://user:secret@127.0.0.1"),
        ("http_proxy", "::::secret"),
        ("SSL_CERT_FILE", "/nonexistent/secret"),
        ("SSL_CERT_FILE", __file__),
    ],
)
def test_a_wrong_variable_is_named(cli: Run, monkeypatch: pytest.MonkeyPatch, variable: str, value: str) -> None:
    """Where a proxy or certificates of the environment cannot be used, the variable is named, and no password."""
    for name in (*PROXIES, *map(str.lower, PROXIES), *CERTIFICATES):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(variable, value)
    ended = cli("registries", "list")
    assert (ended.status, ended.out) == (2, "")
    assert ended.err.endswith(f"see {variable}\n")
    assert ended.err.count("\n") == 1
    assert "secret" not in ended.err


@pytest.mark.parametrize(
    ("variable", "option", "value"),
    [
        ("BUILDKITE_REST_API_ENDPOINT", "--base-url", "foo"),
        ("BUILDKITE_ORGANIZATION_SLUG", "--organization", NO_TEXT),
    ],
)
def test_a_setting_is_called_what_the_user_calls_it(process: Run, variable: str, option: str, value: str) -> None:
    """A wrong setting is named by its variable where it comes from there, and else by its option."""
    ended = process("registries", "list", **{variable: value})
    assert ended.status == 2
    assert f"Error: {variable} is " in ended.err
    assert option not in ended.err
    assert f"Error: {option} is " in process(option, value, "registries", "list").err


def test_a_name_that_is_not_text_is_to_be_changed(cli: Run, tmp_path: Path, registry: str) -> None:
    """A file whose name cannot be sent is told what to do about it, in the words of a command line."""
    file = tmp_path / f"{NO_TEXT}-1.0.txt"
    file.touch()
    ended = cli("publish", registry, str(file), "--json")
    assert (ended.status, ended.json[0]["status"]) == (1, "failed")
    assert ended.json[0]["error"].endswith("rename the file")


@pytest.mark.parametrize("arguments", [("--dry-run",), ()])
def test_publish_has_a_document_in_any_case(
    cli: Run, gems: list[Path], arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With `--json` there is a result for each file, even where the registry is not there or a setting is missing."""
    missing = cli("publish", "nowhere", *map(str, gems), "--json", *arguments)
    monkeypatch.delenv("BUILDKITE_API_TOKEN")
    unset = cli("publish", "nowhere", *map(str, gems), "--json", *arguments)
    assert (missing.status, unset.status) == (1, 2)
    for ended, error in ((missing, "404"), (unset, "BUILDKITE_API_TOKEN")):
        assert [(each["file"], each["status"]) for each in ended.json] == [(str(gem), "failed") for gem in gems]
        assert all(error in each["error"] for each in ended.json)
        assert error in ended.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("registries list >&-", "standard output is closed"),
        ("publish {registry} {gem} >&-", "standard output is closed"),
        ("publish {registry} - --filename x <&-", "Standard input is closed"),
        ("registries update {registry} --oidc-policy @- <&-", "standard input is closed"),
    ],
)
def test_a_closed_stream_is_named(
    registry: str, gems: list[Path], arguments: str, said: str, buildkite_emulator: RunningEmulator
) -> None:
    """Where a stream is closed that a command needs, it says so before it does anything."""
    script = f"{' '.join(COMMAND)} {arguments.format(registry=registry, gem=gems[0])}"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
    assert [each["operation"] for each in buildkite_emulator.requests] == ["create_registry"]  # that of the fixture


def test_errors_that_nobody_can_see_end_nothing(registry: str, gems: list[Path], cli: Run) -> None:
    """Where standard error is closed, or its disk is full, the files are published all the same."""
    for stream, gem in (("2>&-", gems[0]), ("2>/dev/full", gems[1])):
        script = f"{' '.join(COMMAND)} publish {registry} missing {gem} {stream}"
        done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout.split()[:2]) == (1, ["published", str(gem)])
    assert len(cli("list", registry).lines) == 2


def test_results_that_cannot_be_printed_stop_no_file(registry: str, gems: list[Path], cli: Run) -> None:
    """Where the disk of standard output is full, the files are published, and the command fails in a sentence."""
    script = f"{' '.join(COMMAND)} publish {registry} {gems[0].parent}/*.gem >/dev/full"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("Error: the results could not be printed: No space left on device\n")
    assert "Traceback" not in done.stderr
    assert len(cli("list", registry).lines) == len(gems)


@pytest.mark.parametrize("loads", ["click", "buildkite_packages.cli.commands", "buildkite_packages.cli.publish"])
def test_ctrl_c_at_the_start_is_quiet(loads: str) -> None:
    """Ctrl-C while the command still loads ends it with 130, without a traceback or other words."""
    code = (
        "import sys, importlib.abc\n"
        "class Interrupting(importlib.abc.MetaPathFinder):\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        if name == {loads!r}: raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Interrupting())\n"
        "from buildkite_packages.cli import main; sys.argv[1:] = ['registries', 'list']; sys.exit(main())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")
