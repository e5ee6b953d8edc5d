"""What a person sees on a terminal."""

import re
from pathlib import Path
from typing import Any

import pytest

from buildkite_emulator.testing import RunningEmulator
from tests.client.cli.conftest import Run
from tests.client.cli.terminal import Terminal

pytestmark = pytest.mark.slow

LONG = "a-name-that-is-longer-than-any-column-of-a-terminal-should-be-for-it-takes-all-the-room-there-is"


@pytest.mark.parametrize("columns", [100, 80, 60, 40, 20])
def test_a_list_fits(registry: str, gems: list[Path], cli: Run, columns: int) -> None:
    """However narrow a terminal is, a list has name, version and the whole ID of each package, and no cut time."""
    cli("publish", registry, *map(str, gems))
    packages = {tuple(line.split("\t")[1:3]): line.split("\t") for line in cli("list", registry).lines}
    terminal = Terminal("list", registry, columns=columns)
    assert terminal.end() == 0, terminal.output
    lines = [line for line in terminal.lines if line]
    assert max(map(len, lines)) <= max(columns, 38)
    if columns < 60:
        found = [first.split() + second.split() for first, second in zip(lines[::2], lines[1::2], strict=True)]
    else:
        found = [line.split() for line in lines[1:]]
        assert lines[0].split() == ["name", "version", "id", *(["created", "at"] if columns >= 80 else [])]
    assert {tuple(each[:2]): each[2] for each in found} == {name: each[0] for name, each in packages.items()}
    assert all(each[3:] in ([], [packages[each[0], each[1]][4]]) for each in found)


@pytest.mark.parametrize("columns", [80, 40, 20])
def test_what_identifies_is_not_cut(registry: str, cli: Run, columns: int) -> None:
    """A long slug is there as a whole, and stands first."""
    cli("registries", "create", f"--name={LONG}", "--ecosystem=ruby")
    terminal = Terminal("registries", "list", columns=columns)
    assert terminal.end() == 0, terminal.output
    assert {line.split()[0] for line in filter(None, terminal.lines)} == {"slug", registry, LONG}


def test_a_name_that_is_cut_leaves_id_and_version(cli: Run) -> None:
    """A long name is cut for the others to fit, and a time that does not fit in full is not there."""
    registry = cli("registries", "create", "--name=r", "--ecosystem=ruby", "--json").json["slug"]
    cli("registry-tokens", "create", registry, f"--description={LONG}")
    terminal = Terminal("registry-tokens", "list", registry, columns=60)
    assert terminal.end() == 0, terminal.output
    heading, line = filter(None, terminal.lines)
    assert heading.split() == ["description", "id"]
    assert line.split()[0].endswith("…")
    assert line.split()[1] == cli("registry-tokens", "list", registry).out.split("\t")[0]


def test_markup_is_text(registry: str, cli: Run) -> None:
    """What looks like markup, or steers a terminal, stays text in tables and objects."""
    cli("registries", "update", registry, "--description=[red]x[/red]\x1b[2J:smile:")
    for arguments in (["list"], ["show", registry]):
        terminal = Terminal("registries", *arguments, columns=200)
        assert terminal.end() == 0, terminal.output
        assert r"[red]x[/red]\x1b[2J:smile:" in terminal.output


@pytest.mark.parametrize(("answer", "is_deleted"), [("y\n", True), ("n\n", False), ("\n", False), ("\x04", False)])
def test_it_asks_before_it_deletes(registry: str, gems: list[Path], cli: Run, answer: str, is_deleted: bool) -> None:  # noqa: FBT001
    """A deletion names what it is about, asks, and takes nothing but a yes for one."""
    package = cli("publish", registry, str(gems[0]), "--json").json[0]["package"]["id"]
    terminal = Terminal("delete", registry, package).until("[y/N] ")
    assert f"This deletes the package {package} (name: banana, version: 1.0.0)." in terminal.output
    assert terminal.type(answer).end() == (0 if is_deleted else 1)
    assert cli("show", registry, package).status == int(is_deleted)


def test_the_question_tells_what_is_what(registry: str, cli: Run) -> None:
    """Before a deletion of several each has a line, with what a person knows it by, and what that is."""
    cli("registries", "create", "--name=other things", "--ecosystem=files")
    terminal = Terminal("registries", "delete", registry, "other-things").until("[y/N] ").type("n\n")
    assert terminal.end() == 1
    assert terminal.lines[:3] == [
        "This deletes, each a registry:",
        "  my-gems (name: my gems, ecosystem: ruby)",
        "  other-things (name: other things, ecosystem: files)",
    ]


def test_ctrl_c_in_a_wait_after_a_refusal_leaves_nothing_open(
    registry: str, gems: list[Path], buildkite_emulator: RunningEmulator
) -> None:
    """A file that the service refused for its rate limit was not published, and after Ctrl-C that is said."""
    buildkite_emulator.fault(operation="publish_package", status=429, reset=60, times=1)
    terminal = Terminal("publish", registry, str(gems[0])).until("waiting").type("\x03")
    assert terminal.end() == 130
    assert "it was not published" in terminal.output.replace("\r\n", " ")


def test_the_whole_is_done_where_all_exist(registry: str, gems: list[Path], cli: Run) -> None:
    """Files that are there count as done, so that the bar of all ends at its end; paths lose their start."""
    cli("publish", registry, *map(str, gems))
    terminal = Terminal("publish", registry, *map(str, gems), "--skip-existing", columns=80)
    assert terminal.end() == 0, terminal.output
    bars = [line for line in terminal.lines if "%" in line]
    assert [line for line in bars if line.startswith("3 of 3 files") and "100%" in line]
    assert [line for line in bars if re.match(rf"…\S*/{gems[0].name} ", line)]


def test_ctrl_c_at_the_question_deletes_nothing(registry: str, cli: Run) -> None:
    """Ctrl-C in place of an answer ends with 130, and all is there."""
    terminal = Terminal("registries", "delete", registry).until("[y/N] ").type("\x03")
    assert terminal.end() == 130
    assert "Interrupted. Nothing was deleted." in terminal.output
    assert cli("registries", "show", registry).status == 0


@pytest.mark.parametrize("columns", [80, 40])
def test_bars_fit(registry: str, gems: list[Path], columns: int, buildkite_emulator: RunningEmulator) -> None:
    """Files under way and the whole have bars that fit the terminal; a wait is shown, and results stay."""
    long = gems[0].rename(gems[0].with_name(f"{LONG}-1.0.0.gem"))
    buildkite_emulator.fault(operation="publish_package", status=429, reset=1, times=1)
    terminal = Terminal("publish", registry, "*.gem", "--jobs=1", columns=columns, cwd=long.parent)
    assert terminal.end() == 0, terminal.output
    bars = [line for line in terminal.lines if "%" in line]
    assert any(line.startswith("0 of 3 files") for line in bars)
    assert any(LONG[:8] in line and "…" in line for line in bars)
    assert any(LONG[:8] in line and re.search(r"waiting \d s$", line) for line in bars)
    assert max(map(len, bars)) <= columns
    for name in (long.name, gems[1].name, gems[2].name):
        assert any(line.startswith(f"published {name} ") for line in terminal.lines)


@pytest.mark.parametrize(
    ("arguments", "environment"),
    [((), {"TERM": "dumb"}), (("--quiet",), {}), (("--verbose",), {})],
    ids=["dumb", "quiet", "verbose"],
)
def test_no_bars_where_none_are_wanted(
    registry: str, gems: list[Path], arguments: tuple[str, ...], environment: dict[str, Any]
) -> None:
    """A terminal that cannot move its cursor, `--quiet` and `--verbose` get lines alone."""
    terminal = Terminal(*arguments, "publish", registry, str(gems[0]), **environment)
    assert terminal.end() == 0, terminal.output
    (line,) = filter(None, terminal.lines)
    assert line.startswith(f"published {gems[0]} ")
    assert "\x1b[?25l" not in terminal.output


def test_colours_are_as_the_environment_says(registry: str, process: Run) -> None:
    """`NO_COLOR` takes colours away, on a terminal too, and `FORCE_COLOR` brings them into a pipe."""
    colored = Terminal("show", registry, "00000000-0000-0000-0000-000000000001")
    assert colored.end() == 1
    assert "\x1b[31mError:" in colored.output
    plain = Terminal("show", registry, "00000000-0000-0000-0000-000000000001", NO_COLOR="1")
    assert plain.end() == 1
    assert "\x1b[31m" not in plain.output
    assert "\x1b" not in process("show", registry, "00000000-0000-0000-0000-000000000001").err
    forced = process("show", registry, "00000000-0000-0000-0000-000000000001", FORCE_COLOR="1")
    assert "\x1b[31mError:" in forced.err
