"""`buildkite-packages publish`, against an emulator."""

import hashlib
import os
import signal
import socket
import subprocess
import threading
from pathlib import Path

import httpx
import pytest

from buildkite_emulator.testing import RunningEmulator
from buildkite_packages.cli.description import operations
from buildkite_packages.cli.files import Named
from buildkite_packages.cli.progress import Bars
from buildkite_packages.cli.publish import Run as Publishing
from buildkite_packages.cli.session import Settings
from buildkite_packages.http.retries import Stopped, Wait
from buildkite_packages.publishing.publisher import Published
from buildkite_packages.publishing.uploads import Upload
from tests.client.cli.conftest import Run, SilentService, until_applied
from tests.client.cli.terminal import COMMAND

pytestmark = pytest.mark.slow

LARGE = b"0123456789abcdef" * 65536
"""A mebibyte: more than a socket and a server hold between them."""


@pytest.fixture
def files_registry(cli: Run) -> str:
    """Give the slug of a registry of files."""
    slug: str = cli("registries", "create", "--name", "my files", "--ecosystem", "files", "--json").json["slug"]
    return slug


def listed(cli: Run, registry: str) -> list[str]:
    """Name the files of a registry's packages, in order."""
    return sorted("-".join(line.split("\t")[1:3]) for line in cli("list", registry).lines)


def test_a_line_for_each_file(cli: Run, registry: str, gems: list[Path]) -> None:
    """Each file has a line with its path and the ID of its package; once more, with `--skip-existing`, it exists."""
    first = cli("publish", registry, str(gems[0]))
    word, name, package = first.out.split()
    assert (first.status, first.err, word, name) == (0, "", "published", str(gems[0]))
    assert cli("show", registry, package).status == 0
    again = cli("publish", registry, *map(str, gems), "--skip-existing", "--jobs=1")
    assert again.status == 0
    assert [line.split()[:2] for line in again.lines] == [
        ["exists", str(gems[0])], ["published", str(gems[1])], ["published", str(gems[2])]
    ]  # fmt: skip


def test_files_go_past_the_api_with_attestations(
    cli: Run, registry: str, gems: list[Path], tmp_path: Path, buildkite_emulator: RunningEmulator
) -> None:
    """With `--presigned` files are sent by forms; `--attestation-bundle` goes with each, and has to be there."""
    bundle = tmp_path / "bundle.jsonl"
    bundle.write_text('{"a": 1}\n', encoding="utf-8")
    names = list(map(str, gems))
    ended = cli("publish", registry, *names, "--presigned", f"--attestation-bundle={bundle}", "--json")
    assert ended.status == 0
    assert {each["package"]["metadata"]["attestation_bundle"] for each in ended.json} == {'{"a": 1}\n'}
    asked = [each["operation"] for each in buildkite_emulator.requests]
    assert asked.count("request_presigned_upload") == asked.count("publish_package") == len(gems)
    again = cli("publish", registry, *names, "--presigned", "--skip-existing")
    assert {line.split()[0] for line in again.lines} == {"exists"}
    assert cli("publish", registry, *names, "--attestation-bundle=missing").status == 2


def test_patterns_and_names_meet_once(
    cli: Run, registry: str, gems: list[Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Patterns, with `**` too, are expanded, and a file that is named in several ways is published once."""
    monkeypatch.chdir(tmp_path)
    names = ["**/*.gem", "dist/*-1.*.gem", "./dist/banana-1.0.0.gem", str(gems[0])]
    ended = cli("publish", registry, *names, "--json")
    assert [(each["file"], each["status"]) for each in ended.json] == [
        (f"dist/{gem.name}", "published") for gem in gems
    ]
    assert listed(cli, registry) == ["banana-1.0.0", "banana-1.1.0", "banana-2.0.0"]


def test_a_name_that_looks_like_a_pattern(cli: Run, registry: str, gems: list[Path]) -> None:
    """A file whose name holds what patterns are made of is itself, and not what it would match."""
    named = gems[0].rename(gems[0].with_name("[a].gem"))
    gems[1].rename(gems[1].with_name("a.gem"))
    ended = cli("publish", registry, str(named))
    assert (ended.status, [line.split()[1] for line in ended.lines]) == (0, [str(named)])


@pytest.mark.parametrize("arguments", [(), ("--dry-run",)])
def test_a_pattern_matches_regular_files(cli: Run, registry: str, gems: list[Path], arguments: tuple[str, ...]) -> None:
    """A FIFO, device or socket that a pattern meets, or a link to one, might never end: it is named and left out."""
    folder = gems[0].parent
    os.mkfifo(folder / "fifo.gem")
    (folder / "link.gem").symlink_to(folder / "fifo.gem")
    (folder / "zero.gem").symlink_to("/dev/zero")
    (folder / "good.gem").symlink_to(gems[0].rename(folder.parent / gems[0].name))
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(os.path.relpath(folder / "socket.gem"))  # the whole path may be too long for one
        ended = cli("publish", registry, f"{folder}/*.gem", *arguments)
    kinds = {"fifo.gem": "a FIFO", "link.gem": "a FIFO", "zero.gem": "a device", "socket.gem": "a socket"}
    assert sorted(ended.err.splitlines()) == sorted(
        f"skipped {folder / name}: it is {kind}; patterns match regular files alone" for name, kind in kinds.items()
    )
    assert ended.status == 0
    assert {Path(line.split()[2 if arguments else 1]).name for line in ended.lines} == {
        "good.gem", *(gem.name for gem in gems[1:])
    }  # fmt: skip


def test_a_fifo_that_is_named_is_streamed(process: Run, registry: str, gems: list[Path], cli: Run) -> None:
    """The path of a FIFO, such as that of a process substitution, publishes what comes through it."""
    fifo = gems[0].with_name("fifo.gem")
    os.mkfifo(fifo)
    writer = threading.Thread(target=fifo.write_bytes, args=[gems[0].read_bytes()])
    writer.start()
    assert process("publish", registry, str(fifo)).status == 0
    writer.join()
    assert listed(cli, registry) == ["banana-1.0.0"]


@pytest.mark.parametrize("arguments", [(), ("--dry-run",)])
def test_a_device_is_no_file_to_send(cli: Run, registry: str, arguments: tuple[str, ...]) -> None:
    """A device, which may never end, is refused by name."""
    ended = cli("publish", registry, "/dev/zero", *arguments)
    assert (ended.status, ended.out) == (1, "")
    assert ended.err == "failed /dev/zero: /dev/zero is a device; a file to send should be a regular one\n"


def test_a_failing_file_stops_no_other(
    cli: Run, registry: str, gems: list[Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What cannot be published is named with its reason, the others are published, and the status is 1."""
    monkeypatch.chdir(tmp_path)
    bad = gems[0].with_name("bad-1.0.0.gem")
    bad.write_bytes(b"no gem")
    ended = cli("publish", registry, "missing.gem", "no*.gem", "dist", "dist/*.gem")
    assert ended.status == 1
    assert sorted(line.split()[1] for line in ended.lines) == [f"dist/{gem.name}" for gem in gems]
    errors = dict(line.removeprefix("failed ").split(": ", 1) for line in ended.err.splitlines())
    assert errors["missing.gem"] == "there is no such file"
    assert errors["no*.gem"] == "no file matches this pattern"
    assert "folder" in errors["dist"]
    assert "422" in errors["dist/bad-1.0.0.gem"]
    assert len(errors) == 4


def test_json_tells_all_results(cli: Run, registry: str, gems: list[Path]) -> None:
    """`--json` prints one document with a result for each file in their order, and errors as text elsewhere."""
    cli("publish", registry, str(gems[0]))
    ended = cli("publish", registry, str(gems[0]), "missing.gem", str(gems[1]), "--skip-existing", "--json")
    assert ended.status == 1
    assert [(each["filename"], each["status"]) for each in ended.json] == [
        (gems[0].name, "existed"), ("missing.gem", "failed"), (gems[1].name, "published")
    ]  # fmt: skip
    existed, failed, published = ended.json
    assert existed["package"]["name"] == published["package"]["name"] == "banana"
    assert (failed["package"], failed["error"]) == (None, "there is no such file")
    assert ended.err == "failed missing.gem: there is no such file\n"


def test_standard_input_has_a_name(process: Run, files_registry: str) -> None:
    """`-` publishes standard input under the name of `--filename`; neither goes without the other."""
    ended = process("publish", files_registry, "-", "--filename=banana-1.0.0.txt", "--json", stdin=LARGE)
    assert ended.status == 0
    assert ended.json[0]["package"]["digests"]["sha256"] == hashlib.sha256(LARGE).hexdigest()
    for arguments in (["-"], ["file", "--filename=x"]):
        refused = process("publish", files_registry, *arguments)
        assert (refused.status, refused.out) == (2, "")
        assert "--filename" in refused.err


def test_a_dry_run_sends_nothing(
    cli: Run, process: Run, registry: str, gems: list[Path], buildkite_emulator: RunningEmulator
) -> None:
    """`--dry-run` shows size and digest, sees that the registry is there, and sends no write."""
    content = gems[0].read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    before = len(buildkite_emulator.requests)
    ended = cli("publish", registry, str(gems[0]), "--dry-run")
    assert ended == (0, f"would publish {gems[0]} {len(content)} bytes sha256:{digest}\n", "")
    piped = process("publish", registry, "-", "--filename=a-1.txt", "--dry-run", "--json", stdin=content)
    assert (piped.json[0]["status"], piped.json[0]["sha256"]) == ("would publish", digest)
    assert cli("publish", "nowhere", str(gems[0]), "--dry-run").status == 1
    assert cli("publish", registry, str(gems[0]), "missing", "--dry-run").status == 1
    assert {each["method"] for each in buildkite_emulator.requests[before:]} == {"GET"}


def test_ctrl_c_says_what_was_done(
    files_registry: str, tmp_path: Path, cli: Run, buildkite_emulator: RunningEmulator
) -> None:
    """After Ctrl-C it ends at once with 130, and names what was published, what was not and what is open."""
    for name in ("a-1.0.0.txt", "b-1.0.0.txt", "c-1.0.0.txt", "d-1.0.0.txt"):
        (tmp_path / name).write_bytes(LARGE * 16 if name < "c" else b"small")
    assert cli("publish", files_registry, str(tmp_path / "c-1.0.0.txt")).status == 0
    buildkite_emulator.fault(
        operation="publish_package", upload={"after_bytes": 1000, "action": "stall", "seconds": 60}, times=1
    )
    names = [str(tmp_path / f"{name}-1.0.0.txt") for name in "cabd"]
    with subprocess.Popen(
        [*COMMAND, "publish", files_registry, *names, "--jobs=1", "--skip-existing"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=dict(os.environ),
    ) as running:
        until_applied(buildkite_emulator, running.poll)
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=300)
    assert running.returncode == 130
    assert out.startswith(f"exists {names[0]} ")
    assert err.splitlines() == [f"failed {name}: interrupted; it was not published" for name in names[1:]]
    assert listed(cli, files_registry) == ["c-1.0.0"]


def test_ctrl_c_after_the_last_byte_leaves_it_open(
    registry: str, gems: list[Path], silent_service: SilentService
) -> None:
    """Where a file was sent whole and its answer is not there yet, nobody knows; it says so."""
    with subprocess.Popen(
        [*COMMAND, "publish", registry, str(gems[0]), "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=silent_service.environment,
    ) as running:
        silent_service.until_asked(running)
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=300)
    assert running.returncode == 130
    assert "whether it was published is open" in err
    assert '"status": "interrupted"' in out


@pytest.mark.parametrize(
    ("operation", "reason", "known"),
    [
        ("publish_package", httpx.ConnectError("no"), "it was not published"),
        ("publish_package", httpx.ReadTimeout("late"), "whether it was published is open"),
        ("request_presigned_upload", httpx.ReadTimeout("late"), "it was not published"),
        ("list_packages", httpx.ConnectError("no"), "whether it was published is open"),
    ],
)
def test_ctrl_c_in_a_wait_says_what_is_known(gems: list[Path], operation: str, reason: Exception, known: str) -> None:
    """A file that was sent whole is open after Ctrl-C, unless it is known that the service refused it."""
    (described,) = (each for each in operations() if each.method.publishes)
    run = Publishing(described, Settings(), {}, skip_existing=False, as_json=True)

    file = Named(str(gems[0]), Upload.of(gems[0]))
    run.start(Bars(1, 2, is_shown=False), file)
    run.progress(file.filename, 2, 2)
    run.wait(Wait(operation, 1, 1.0, reason))
    found = run.result(file, Published(file.upload, file.filename, error=Stopped()))
    assert (found["status"], found["error"]) == ("interrupted", f"interrupted; {known}")


def test_files_of_one_name_are_told_apart(
    cli: Run, files_registry: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files of the same name in two folders are named by their paths, in lines, errors and JSON."""
    monkeypatch.chdir(tmp_path)
    for folder in ("1", "2"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a-1.0.0.txt").write_text(folder)
    ended = cli("publish", files_registry, "*/a-1.0.0.txt", "--jobs=1", "--dry-run")
    assert [line.split()[2] for line in ended.lines] == ["1/a-1.0.0.txt", "2/a-1.0.0.txt"]
    ended = cli("publish", files_registry, "*/a-1.0.0.txt", "--jobs=1", "--json")
    assert [each["file"] for each in ended.json] == ["1/a-1.0.0.txt", "2/a-1.0.0.txt"]
    assert ended.err.startswith("failed 2/a-1.0.0.txt: ")


def test_nobody_reading_loses_no_file(registry: str, gems: list[Path], cli: Run) -> None:
    """Where nobody reads the results, the files are published all the same, without a word."""
    script = f"{' '.join(COMMAND)} publish {registry} {gems[0].parent}/*.gem | true; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(listed(cli, registry)) == 3


def test_a_file_name_steers_no_terminal(cli: Run, files_registry: str, tmp_path: Path) -> None:
    """Control characters in a file's name are escaped where it is printed."""
    name = "a\x1b[31m[red]\n-1.0.0.txt"
    (tmp_path / name).write_text("a")
    ended = cli("publish", files_registry, str(tmp_path / name), str(tmp_path / "b\x1b"))
    assert (ended.out + ended.err).replace("\n", "").isprintable()
    assert r"\x1b[31m[red]\n" in ended.out + ended.err
