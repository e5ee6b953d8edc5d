"""A new operation in the spec is in every layer of the client once that is generated, with no hand edit."""

import asyncio
import datetime
import importlib
import inspect
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import UUID

import httpx
import pytest

from buildkite_packages.http.paths import path_segment
from scripts.client import generate
from scripts.client.facts import method_name
from scripts.servers.api import TOKEN
from scripts.spec.bundle import SPEC, SpecError
from tests.support.spec_copy import SpecCopy

pytestmark = pytest.mark.slow

NEW = Path(__file__).with_name("racks.yaml")
"""Operations of shapes that the spec has none of."""

PATHS = {
    "/v2/packages/organizations/{org_slug}/racks": "racks",
    "/v2/packages/organizations/{org_slug}/racks/{number}": "rack",
    "/v2/packages/organizations/{org_slug}/racks/{number}/labels": "labels",
    "/v2/packages/organizations/{org_slug}/racks/{number}/photo": "photo",
    "/v2/packages/organizations/{org_slug}/registries/{registry_slug}/lock": "lock",
}

RACK = {"number": 7, "kind": "tall", "labels": ["old"]}

CONFLICT = """
  Conflict:
    description: Somebody else has it. Try later.
    content: {application/json: {schema: {$ref: shared.yaml#/schemas/Error}}}
  Broken:
    description: It fell over.
    content: {application/json: {schema: {$ref: shared.yaml#/schemas/Error}}}
"""

Answer = Callable[[httpx.Request], httpx.Response]
Patch = pytest.MonkeyPatch


def spec_with_racks(folder: Path) -> SpecCopy:
    """Copy the spec into a folder and add the new operations."""
    copy = SpecCopy(Path(shutil.copytree(SPEC.parent, folder / "openapi")))
    shutil.copy(NEW, copy.folder)
    copy.edit("openapi.yaml", "\ntags:\n", "\ntags:\n  - name: racks\n    description: Where packages stand.\n")
    added = "".join(f"  {path}:\n    $ref: racks.yaml#/paths/{name}\n" for path, name in PATHS.items())
    copy.edit("openapi.yaml", "\npaths:\n", f"\npaths:\n{added}")
    return copy


def generated(copy: SpecCopy, place: Path, name: str) -> Path:
    """Generate a package from a copy of the spec, under a name of its own; returns the folder that it is in."""
    place.mkdir()
    generate.generate(place, copy.root)
    (place / generate.PACKAGE).rename(place / name)
    return place


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    """Give the package that follows from the spec with the new operations, imported."""
    folder = tmp_path_factory.mktemp("racks")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(generated(spec_with_racks(folder), folder / "generated", "with_racks"))
        yield importlib.import_module("with_racks")


class Server:
    """Answers with one answer after another, the last one for ever, and keeps the requests.

    Args:
        answers: status and JSON (or bytes) of each.
    """

    def __init__(self, *answers: tuple[int, Any]) -> None:
        self.answers = list(answers)
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer a request."""
        self.requests.append(request)
        status, said = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        content = said if isinstance(said, bytes) else json.dumps(said).encode()
        return httpx.Response(status, content=content)


@pytest.fixture(params=["methods", "awaited methods", "sync", "sync_detailed", "asyncio", "asyncio_detailed"])
def way(request: pytest.FixtureRequest) -> str:
    """Give each way to call an operation."""
    name: str = request.param
    return name


def called(  # noqa: PLR0913, PLR0917 - what a call consists of
    package: ModuleType, server: Server, way: str, tag: str, method: str, operation: str, /, *path: Any, **named: Any
) -> Any:
    """Call an operation as a method or as a function, and give what it returns; no 429 or 5xx is waited for."""
    settings = {"retry": package.Retry(first_backoff=0), "httpx_args": {"transport": httpx.MockTransport(server)}}
    is_async = way.startswith("a")
    client: Any
    if is_function(way):
        client = package.AuthenticatedClient("http://localhost", TOKEN, **settings)
        function = getattr(importlib.import_module(f"{package.__name__}.api.{tag}.{operation}"), way)
        path, named = ("my-org", *path), {**named, "client": client}
    else:
        kind = package.AsyncPackageRegistries if is_async else package.PackageRegistries
        client = kind(TOKEN, "my-org", **settings)
        function = getattr(getattr(client, tag), method)

    async def awaited() -> Any:
        async with client:
            return await function(*path, **named)

    if is_async:
        result = asyncio.run(awaited())
    else:
        with client:
            result = function(*path, **named)
            result = list(result) if type(result).__name__ == "Pages" else result
    return result.parsed if way.endswith("_detailed") else result


def is_function(way: str) -> bool:
    """Say whether a way is one of the functions, which take bodies as models and give pages as they are."""
    return "methods" not in way


def test_a_post_with_body_query_and_header(package: ModuleType, way: str) -> None:
    """A POST sends its body, its query and its header, and gives its model; UNSET is not sent."""
    models = importlib.import_module(f"{package.__name__}.models")
    server = Server((200, RACK))
    values = {"kind": models.RackKind.WIDE, "built_on": datetime.date(2024, 8, 21)}
    body = {"body": models.RackCreate(**values)} if is_function(way) else values
    rack = called(package, server, way, "racks", "create", "create_rack", dry_run=True, x_reason="moving", **body)
    assert isinstance(rack, models.Rack)
    assert (rack.number, rack.kind, rack.labels) == (7, models.RackKind.TALL, ["old"])
    [request] = server.requests
    assert (request.method, request.url.path) == ("POST", "/v2/packages/organizations/my-org/racks")
    assert dict(request.url.params) == {"dry_run": "true"}
    assert request.headers["X-Reason"] == "moving"
    assert json.loads(request.content) == {"kind": "wide", "built_on": "2024-08-21"}


def test_a_list_that_comes_in_pages(package: ModuleType, way: str) -> None:
    """A GET of something that has items and a link to more gives pages; its query has enums, lists and times."""
    models = importlib.import_module(f"{package.__name__}.models")
    place = "/v2/packages/organizations/my-org/racks"
    first = {"racks": [RACK], "links": {"self": place, "next": f"{place}?page=2"}}
    last = {"racks": [{**RACK, "number": 8}], "links": {"self": place}}
    server = Server((200, first), (200, last))
    since = datetime.datetime(2024, 8, 21, tzinfo=datetime.UTC)
    query = {"kind": models.RackKind.TALL, "labels": ["old", "heavy"], "since": since}
    found = called(package, server, way, "racks", "list", "list_racks", **query)
    assert [rack.number for rack in (found.racks if is_function(way) else found)] == (
        [7] if is_function(way) else [7, 8]
    )
    assert server.requests[0].url.params.multi_items() == [
        *(("kind", "tall"), ("labels", "old"), ("labels", "heavy"), ("since", since.isoformat())),
        ("per_page", "30" if is_function(way) else "100"),
    ]
    assert [str(request.url.query, "ascii") for request in server.requests[1:]] == (
        [] if is_function(way) else ["page=2"]
    )


def test_a_read_and_a_delete_are_tried_again(package: ModuleType, way: str) -> None:
    """New reads and deletes are repeated after a 503 by themselves, as what repeats them follows from their method."""
    server = Server((503, {"message": "away"}), (200, RACK))
    assert called(package, server, way, "racks", "get", "get_rack", 7).number == 7
    assert [request.url.path.rpartition("/")[2] for request in server.requests] == ["7", "7"]
    server = Server((503, {"message": "away"}), (200, b""))
    assert called(package, server, way, "racks", "delete", "delete_rack", 7) is None
    assert [request.method for request in server.requests] == ["DELETE", "DELETE"]


def test_a_write_is_not_tried_again(package: ModuleType, way: str) -> None:
    """A new POST is not repeated after a 503, but is after a 429, which the server has not acted on."""
    models = importlib.import_module(f"{package.__name__}.models")
    kind = {"kind": models.RackKind.WIDE}
    body = {"body": models.RackCreate(**kind)} if is_function(way) else kind
    server = Server((503, {"message": "away"}), (200, RACK))
    with pytest.raises(package.ServerError):
        called(package, server, way, "racks", "create", "create_rack", **body)
    assert len(server.requests) == 1
    server = Server((429, {"message": "too many", "reset": 0}), (200, RACK))
    called(package, server, way, "racks", "create", "create_rack", **body)
    assert len(server.requests) == 2


def test_a_body_that_is_no_object(package: ModuleType, way: str) -> None:
    """A PUT of an array, or of a form, takes it as `body`, and gives the array that comes back; its name is not cut."""
    models = importlib.import_module(f"{package.__name__}.models")
    server = Server((200, ["new"]))
    labels = called(package, server, way, "racks", "replace_labels", "replace_labels", 7, body=["new"])
    assert labels == ["new"]
    form = models.LabelForm(heavy=True)
    called(package, server, way, "racks", "replace_labels", "replace_labels", 7, body=form)
    array, filled_in = server.requests
    assert (array.method, json.loads(array.content)) == ("PUT", ["new"])
    assert (filled_in.content, filled_in.headers["Content-Type"]) == (
        b"heavy=true",
        "application/x-www-form-urlencoded",
    )


def test_a_form_with_a_file(package: ModuleType, way: str) -> None:
    """A file that comes with other fields is sent in a form, as its model says."""
    models = importlib.import_module(f"{package.__name__}.models")
    server = Server((200, RACK))
    body = models.Photo(photo=package.File(b"of a rack", "rack.png"), title="A rack.")
    assert called(package, server, way, "racks", "photograph", "photograph_rack", 7, body=body).number == 7
    [request] = server.requests
    assert request.headers["Content-Type"].startswith("multipart/form-data; boundary=")
    for part in (b'name="photo"; filename="rack.png"', b"\r\n\r\nof a rack\r\n", b'name="title"', b"A rack."):
        assert part in request.content


def test_a_body_with_the_name_of_a_parameter(package: ModuleType, way: str) -> None:
    """A body that has a property of a parameter's name is passed as `body`, or left out."""
    models = importlib.import_module(f"{package.__name__}.models")
    server = Server((200, {}))
    called(package, server, way, "registries", "lock", "lock_registry", "ruby", name="winter")
    lock = models.Lock(name="summer", seconds=60)
    called(package, server, way, "registries", "lock", "lock_registry", "ruby", name="winter", body=lock)
    empty, full = server.requests
    assert (empty.content, empty.headers.get("Content-Type")) == (b"", None)
    assert json.loads(full.content) == {"name": "summer", "seconds": 60}
    assert {request.url.params["name"] for request in server.requests} == {"winter"}


TRICKY = ("operation", "arguments", "body_of", "call", "acall", "parse", "client", "body", "headers", "uuid_of")
"""Properties that a body could have, and names that code which calls an operation might have too."""


def test_properties_of_any_name_are_keywords(tmp_path: Path, monkeypatch: Patch) -> None:
    """A body's new property is a keyword beside the others, whatever its name: it changes none of them."""
    copy = spec_with_racks(tmp_path)
    added = "".join(f"      {name}: {{type: string, description: It.}}\n" for name in TRICKY)
    copy.edit("racks.yaml", "      built_on:", f"{added}      built_on:")
    monkeypatch.setattr(generate, "lint", lambda _: [])
    monkeypatch.syspath_prepend(generated(copy, tmp_path / "generated", "with_tricks"))
    package = importlib.import_module("with_tricks")
    given = {"kind": "wide", "built_on": "2024-08-21"} | dict.fromkeys(TRICKY, "x")
    for way in ("methods", "awaited methods"):
        server = Server((200, RACK))
        called(package, server, way, "racks", "create", "create_rack", dry_run=True, **given)
        assert json.loads(server.requests[0].content) == given


def test_where_a_list_begins(package: ModuleType) -> None:
    """The first page of a list that goes on is described as such, and of a function, which gets one, is not."""
    packages = importlib.import_module(f"{package.__name__}.resources.packages")
    functions = importlib.import_module(f"{package.__name__}.api.packages.list_packages")
    for kind in (packages.Packages, packages.AsyncPackages):
        text = inspect.getdoc(kind.list) or ""
        assert "page: Number of the page, from 1. The list goes on from there.\n    after" in text
        assert text.count("The list goes on from there.") == 1
    assert "The list goes on" not in (inspect.getdoc(functions.sync) or "")


@pytest.mark.parametrize(
    ("place", "raised"),
    [
        ("resources.packages.Packages.get", ["ValueError: `registry_slug` is empty, or `id` is no UUID."]),
        ("resources.packages.AsyncPackages.list", ["ValueError: `registry_slug` is empty."]),
        (
            "resources.packages.Packages.publish",
            [
                "ValueError: The file has no name, or another size than was said, or `registry_slug` is empty.",
                "TypeError: It is no file.",
            ],
        ),
        ("resources.registries.Registries.list", []),
        ("resources.racks.Racks.create", ["TypeError: An argument has another type than the one that"]),
        ("resources.racks.Racks.get", []),
        ("resources.racks.Racks.replace_labels", []),
        ("api.racks.get_rack.asyncio", ["ValueError: `org_slug` is empty."]),
        ("api.packages.get_package.sync", ["ValueError: `org_slug` is empty, or `registry_slug` is empty."]),
        ("api.packages.get_package.request_arguments", ["ValueError: `org_slug` is empty, or `registry_slug` is"]),
    ],
)
def test_what_is_raised_of_arguments_is_documented(package: ModuleType, place: str, raised: list[str]) -> None:
    """A docstring says what is raised of arguments: of a path's values, and of what a body is made of."""
    module, _, function = place.rpartition(".")
    kind = ""
    if "resources" in module:
        module, _, kind = module.rpartition(".")
    home: Any = importlib.import_module(f"{package.__name__}.{module}")
    text = inspect.getdoc(getattr(getattr(home, kind) if kind else home, function)) or ""
    section = text.partition("\nRaises:\n")[2].partition("\n\n")[0]
    found = [line.strip() for line in section.splitlines() if line.strip().startswith(("ValueError", "TypeError"))]
    assert len(found) == len(raised)
    assert all(line.startswith(start) for line, start in zip(found, raised, strict=True))


def test_its_errors(package: ModuleType, way: str) -> None:
    """A new operation raises each documented error, with its scopes in place, and tolerates odd items of a list."""
    server = Server((403, {"message": "no"}))
    with pytest.raises(package.Forbidden) as refused:
        called(package, server, way, "racks", "get", "get_rack", 7)
    assert (refused.value.operation, refused.value.scopes) == ("get_rack", (("read_registries",),))
    assert "Use an access token with the scope read_registries." in str(refused.value)
    server = Server((200, {"racks": [RACK, {"kind": "tall"}], "links": None}))
    found = called(package, server, way, "racks", "list", "list_racks")
    racks = getattr(found, "parsed", found)
    racks = getattr(racks, "racks", racks)
    assert [each.to_dict() for each in racks] == [RACK, {"kind": "tall"}]
    with pytest.raises(package.UnexpectedResponse, match="the document should be an object, is an array"):
        called(package, Server((200, [])), way, "racks", "list", "list_racks")


@pytest.mark.parametrize("name", ["Racks.create", "AsyncRacks.create", "sync", "asyncio_detailed"])
def test_its_docstrings(package: ModuleType, name: str) -> None:
    """Methods and functions of a new operation say what the spec says of it."""
    kind, _, method = name.rpartition(".")
    module = "resources.racks" if kind else "api.racks.create_rack"
    home: Any = importlib.import_module(f"{package.__name__}.{module}")
    text = inspect.getdoc(getattr(getattr(home, kind) if kind else home, method)) or ""
    for part in (
        "Create a rack.\n\nPuts a rack up.",
        "Whether to change nothing.",
        "Why it is done.",
        "When it was built." if kind else "body (RackCreate): A rack to put up.",
        "The rack.",
        "    ValidationFailed: What was sent cannot be accepted; nothing was changed.",
        "Needs the scope `read_registries` and `write_registries` or `delete_registries`.",
        "https://buildkite.com/docs/apis/rest-api/package-registries/racks#create-a-rack",
    ):
        assert part in text


def test_its_command(package: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    """A new operation is a command, with its options and the spec's words."""
    run = importlib.import_module(f"{package.__name__}.cli.commands").run
    assert run(["racks", "create", "--help"]) == 0
    shown = capsys.readouterr().out
    for text in ("Puts a rack up.", "--kind", "--built-on", "--dry-run", "--x-reason"):
        assert text in shown


def test_a_new_tag(package: ModuleType) -> None:
    """A new tag is a property of both clients, with the spec's words."""
    for kind in (package.PackageRegistries, package.AsyncPackageRegistries):
        assert kind.racks.__doc__ == "Where packages stand."
    assert {"create", "delete", "get", "list", "photograph", "replace_labels"} == {
        name for name in dir(package.PackageRegistries(TOKEN, "my-org").racks) if not name.startswith("_")
    }


@pytest.mark.parametrize(
    ("operation", "tag", "name"),
    [
        ("list_racks", "racks", "list"),
        ("get_rack", "racks", "get"),
        ("list_racks", "registries", "list_racks"),
        ("import_rack", "racks", "import_rack"),
    ],
)
def test_the_name_of_a_method(operation: str, tag: str, name: str) -> None:
    """A method has the name of the verb, unless Python takes that or the operation is about something else."""
    assert method_name(operation, tag) == name


@pytest.mark.parametrize(
    ("value", "segment"),
    [
        (7, "7"),
        (True, "true"),
        (datetime.date(2024, 8, 21), "2024-08-21"),
        (datetime.datetime(2024, 8, 21, 6, tzinfo=datetime.UTC), "2024-08-21T06%3A00%3A00%2B00%3A00"),
        (UUID("0191df84-0000-7000-8000-000000000001"), "0191df84-0000-7000-8000-000000000001"),
    ],
)
def test_values_in_a_path(value: object, segment: str) -> None:
    """A value in a path is written as JSON writes it."""
    assert path_segment("number", value) == segment


def test_a_new_status(tmp_path: Path, monkeypatch: Patch) -> None:
    """A status that the spec newly documents has a class of its own, in its place in the tree and in docstrings."""
    copy = spec_with_racks(tmp_path)
    copy.edit("racks.yaml", "\nresponses:\n", f"\nresponses:{CONFLICT}")
    copy.edit(
        "racks.yaml",
        "'200': {$ref: '#/responses/DeletedRack'}",
        "'200': {$ref: '#/responses/DeletedRack'}\n        '409': {$ref: '#/responses/Conflict'}\n"
        "        '503': {$ref: '#/responses/Broken'}",
    )
    monkeypatch.setattr(generate, "lint", lambda _: [])  # a house rule says which statuses there are
    monkeypatch.syspath_prepend(generated(copy, tmp_path / "generated", "with_conflict"))
    package = importlib.import_module("with_conflict")
    errors = importlib.import_module("with_conflict.errors")
    assert errors.Conflict.__mro__[1] is package.StatusError
    assert errors.Broken.__mro__[1] is package.ServerError
    tree = str(errors.__doc__)
    assert "    │   │   ├── Conflict             409: somebody else has it\n" in tree
    assert (
        "    │   │   ├── ServerError          5xx: the service failed\n"
        "    │   │   │   └── Broken           503: it fell over\n"
    ) in tree
    server = Server((503, {"message": "down"}), (409, {"message": "busy"}))
    with pytest.raises(package.Conflict, match="delete_rack ended in 409 Conflict: busy"):
        called(package, server, "methods", "racks", "delete", "delete_rack", 7)
    assert len(server.requests) == 2
    racks = importlib.import_module("with_conflict.resources.racks")
    assert "\n    Conflict: Somebody else has it. Try later.\n" in (inspect.getdoc(racks.Racks.delete) or "")


@pytest.mark.parametrize(
    ("old", "new", "line", "complaint"),
    [
        (
            "operationId: replace_labels",
            "operationId: delete_racks",
            "    put:",
            "gives the client's method that delete_",
        ),
        (
            "{name: dry_run,",
            "{name: Call,",
            "    post:\n      operationId: create_rack",
            "the name of the parameter Call",
        ),
        (
            "required: true, description: Number of the rack.,",
            "required: true, description: Number of the rack., x-client-setting: rack,",
            "    get:\n      operationId: get_rack",
            "x-client-setting is rack; it should be one of organization",
        ),
        (
            "          application/json:\n            schema: {$ref: '#/schemas/Lock'}\n",
            "          application/octet-stream:\n            schema: {type: string, format: binary}\n",
            "    post:\n      operationId: lock",
            "cannot send application/octet-stream",
        ),
        (
            "{application/json: {schema: {$ref: '#/schemas/RackPage'}}}",
            "{text/csv: {schema: {$ref: '#/schemas/RackPage'}}}",
            "    get:\n      operationId: list_racks",
            "cannot read text/csv",
        ),
        (
            "'200': {$ref: '#/responses/DeletedRack'}",
            "'200': {$ref: '#/responses/DeletedRack'}\n        '500': {$ref: shared.yaml#/responses/NotFound}",
            "    delete:",
            "the error of 500 cannot be NotFound, as another has that name",
        ),
        (
            "{type: string, description: Name of the lock.,",
            "{type: string, description: Name of the lock., x-presigned-by: none,",
            "    post:\n      operationId: lock",
            "x-presigned-by of name is none, which is no operation",
        ),
    ],
    ids=["method", "parameter", "setting", "body", "answer", "error", "presigned"],
)
def test_what_cannot_be_said_is_refused(  # noqa: PLR0913, PLR0917 - an edit and what comes of it
    tmp_path: Path, monkeypatch: Patch, old: str, new: str, line: str, complaint: str
) -> None:
    """What the client has no way to say is an error with its place in the spec, not broken code."""
    copy = spec_with_racks(tmp_path)
    copy.edit("racks.yaml", old, new)
    monkeypatch.setattr(generate, "lint", lambda _: [])  # some of it is against a house rule too
    with pytest.raises(SpecError) as error:
        generated(copy, tmp_path / "generated", "unmade")
    assert error.value.problems[0].startswith(f"{copy.place('racks.yaml', line)} ")
    assert complaint in error.value.problems[0]


@pytest.mark.parametrize("name", ["client", "with_racks", "two racks"])
def test_a_tag_that_cannot_be_a_property_is_refused(tmp_path: Path, monkeypatch: Patch, name: str) -> None:
    """A tag that the clients could not have as a property is an error with its place."""
    copy = spec_with_racks(tmp_path)
    copy.edit("openapi.yaml", "- name: racks", f"- name: {name}")
    monkeypatch.setattr(generate, "lint", lambda _: [])
    with pytest.raises(SpecError, match=f"the tag '{name}' cannot be an attribute of the client") as error:
        generated(copy, tmp_path / "generated", "unmade")
    assert error.value.problems[0].startswith(copy.place("openapi.yaml", f"- name: {name}"))
