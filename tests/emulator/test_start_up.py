"""The emulator starts only if spec and handlers match, and then accepts the commands of the API's documentation."""

import copy
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from buildkite_emulator import server
from buildkite_emulator.api.validation import Validators
from buildkite_emulator.operations import MODULES, handlers
from buildkite_emulator.server import build
from buildkite_emulator.spec import Spec
from scripts.samples import packages
from scripts.servers.api import SPEC, Api, running_emulator
from tests.spec.documents import FOLDER, MISSING, Section, read

pytestmark = pytest.mark.slow

# handlers


def spec_with(monkeypatch: pytest.MonkeyPatch, document: dict[str, Any]) -> None:
    """Make the emulator start with another spec."""
    spec = Spec(document)
    monkeypatch.setattr(server, "spec_and_validators", lambda: (spec, Validators(spec)))


def test_each_operation_has_the_handler_of_its_name() -> None:
    """The handlers are those of the spec's operations, each a function of that very name."""
    found = handlers(SPEC)
    assert found.keys() == SPEC.operations.keys()
    assert {name: function.__name__ for name, function in found.items()} == {name: name for name in found}


def test_an_operation_without_a_handler_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """If an operation has no handler, the emulator does not start and names the operation."""
    document = copy.deepcopy(SPEC.document)
    path = next(iter(document["paths"]))
    document["paths"][f"{path}/archive"] = {"get": {**document["paths"][path]["get"], "operationId": "list_archives"}}
    spec_with(monkeypatch, document)
    with pytest.raises(RuntimeError, match=r"without a handler: list_archives;.* without an operation: none"):
        build()


@pytest.mark.parametrize("operation_id", SPEC.operations)
def test_a_handler_without_an_operation_stops_the_start(monkeypatch: pytest.MonkeyPatch, operation_id: str) -> None:
    """If a handler has no operation, the emulator does not start and names the handler."""
    document = copy.deepcopy(SPEC.document)
    operation = SPEC.operations[operation_id]
    del document["paths"][operation.path][operation.method.lower()]
    spec_with(monkeypatch, document)
    with pytest.raises(RuntimeError, match=rf"without a handler: none;.* without an operation: {operation_id}$"):
        build()


def test_a_renamed_operation_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """An operation that differs in name from its handler is reported from both sides."""
    document = copy.deepcopy(SPEC.document)
    operation = SPEC.operations["get_package"]
    document["paths"][operation.path]["get"]["operationId"] = "show_package"
    spec_with(monkeypatch, document)
    with pytest.raises(RuntimeError, match=r"without a handler: show_package;.* without an operation: get_package$"):
        build()


def test_the_start_fails_before_anything_is_served(monkeypatch: pytest.MonkeyPatch) -> None:
    """A handler that is taken away is missed at the start, not when it is called."""
    (module,) = [each for each in MODULES if hasattr(each, "delete_package")]
    monkeypatch.delattr(module, "delete_package")
    with pytest.raises(RuntimeError, match="without a handler: delete_package;"):
        build()


# the pages' commands

NEWER = ("000", "001", "003")
FILE = "path/to/debian/package/banana_1.1-2_amd64.deb"


def commands() -> list[tuple[Section, str]]:
    """Read the newer pages: what each says of an endpoint, and its command as it stands there."""
    found = []
    for page in sorted(FOLDER.glob("*.txt")):
        if page.name.startswith(NEWER):
            text = page.read_text(encoding="utf-8")
            texts = re.findall(r"^curl .*(?:\n[^\n{\[].*)*", text, re.MULTILINE)
            found += list(zip(read(text, page.name), texts, strict=True))
    return found


COMMANDS = commands()

needs_documents = pytest.mark.skipif(
    not COMMANDS or shutil.which("curl") is None, reason=f"needs curl, and the API's pages at {FOLDER}"
)


def mended(command: str) -> str:
    """Continue lines that want it, and close the quote that is open."""
    command = re.sub(r"(?<!\\)\s*\n(?=\s+-)", " \\\n", re.sub(r"\\\s+\n", "\\\n", command.rstrip()))
    return command + "'" * (command.count("'") % 2)


def test_mending() -> None:
    """A missing continuation and an open quote are mended, and what is sound is left alone."""
    sound = 'curl -X POST "u" \\\n  -d \'{\n    "a": 1\n  }\''
    assert mended(sound) == mended(f"{sound} ") == sound
    assert mended('curl "u"  \\\n  -H "x"') == 'curl "u"  \\\n  -H "x"'
    assert mended('curl "u"\n  -H "x"') == 'curl "u" \\\n  -H "x"'
    assert mended('curl "u" \\\n  -F \'file=@x') == "curl \"u\" \\\n  -F 'file=@x'"


def keys_missing(shown: Any, answered: Any, place: str = "") -> list[str]:
    """List the keys that are shown and not answered, however deep; an empty list shows none."""
    if isinstance(shown, list):
        assert isinstance(answered, list), place
        assert bool(answered) >= bool(shown), f"{place} is empty"
        return [key for each in shown[:1] for other in answered for key in keys_missing(each, other, f"{place}[]")]
    if isinstance(shown, dict):
        assert isinstance(answered, dict), place
        absent = [f"{place}.{name}" for name in shown.keys() - answered.keys()]
        both = shown.keys() & answered.keys()
        return absent + [key for name in both for key in keys_missing(shown[name], answered[name], f"{place}.{name}")]
    return []


def organization(number: int) -> str:
    """Return the organization for a command; each has its own, so that it finds what it expects."""
    return f"org-{number}"


def prepare(api: Api, section: Section, slug: str) -> dict[str, str]:
    """Make what a command needs to be there; returns what its placeholders stand for."""
    known = {"org.slug": slug}
    if "{registry_slug}" not in section.path:
        if section.method == "get":
            api.ok("create_registry", organization=slug, json={"name": "my registry", "ecosystem": "ruby"})
        return known
    source, destination = (
        api.ok("create_registry", organization=slug, json={"name": name, "ecosystem": "debian"})["slug"]
        for name in ("source", "destination")
    )
    known |= {"registry.slug": source, "source_registry.slug": source, "destination_registry.slug": destination}
    if "/tokens" in section.path:
        token = api.ok("create_registry_token", source, organization=slug, json={"description": "mine"})
        return known | {"id": token["id"]}
    if (section.method, section.path.rpartition("/")[2]) != ("post", "packages"):
        package = api.publish(source, packages.deb("banana", "1.0"), organization=slug).json()
        return known | {"id": package["id"], "package.id": package["id"]}
    return known


@pytest.fixture(scope="module")
def organizations() -> Iterator[Api]:
    """An emulator in a separate process, with one organization per command."""
    with running_emulator(*(f"--organization={organization(number)}" for number in range(len(COMMANDS)))) as (api, _):
        yield api


@needs_documents
def test_every_endpoint_has_a_command() -> None:
    """The newer pages have a command for each operation, once."""
    operations = {
        (operation.method, operation.path)
        for operation in SPEC.operations.values()
        if "x-source" not in SPEC.document["paths"][operation.path][operation.method.lower()]
    }
    assert {(section.method.upper(), section.path) for section, _ in COMMANDS} == operations
    assert len(COMMANDS) == len(operations)


@needs_documents
@pytest.mark.parametrize("number", range(len(COMMANDS)), ids=[str(section) for section, _ in COMMANDS])
def test_the_command_of_the_page_works(organizations: Api, tmp_path: Path, number: int) -> None:
    """The page's command, its placeholders filled, is answered 200 with at least the keys that the page shows."""
    section, command = COMMANDS[number]
    known = prepare(organizations, section, organization(number))
    (tmp_path / FILE).parent.mkdir(parents=True)
    (tmp_path / FILE).write_bytes(packages.deb("banana", "1.1-2", "amd64")[1])
    script = mended(command).replace(section.server, str(organizations.client.base_url).rstrip("/"))
    script = re.sub(r"\{([a-z_.]+)\}", lambda match: known[match[1]], script)
    run = subprocess.run(
        ["sh", "-ec", f"{script} \\\n  --silent --show-error --output answer --write-out '%{{http_code}}'"],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "TOKEN": organizations.token},
        capture_output=True,
        text=True,
        check=False,
    )
    answer = (tmp_path / "answer").read_text(encoding="utf-8") if (tmp_path / "answer").exists() else ""
    assert (run.stdout, run.stderr, run.returncode) == ("200", "", 0), f"{script}\n{answer}"
    if section.response is MISSING:
        assert answer == ""
    else:
        assert keys_missing(section.response, json.loads(answer)) == []
