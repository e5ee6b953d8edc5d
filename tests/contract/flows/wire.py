"""Requests that mean the same and are written in another way: media types, headers, forms, addresses."""

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from scripts.contract.flows.builders import (
    RIGHT,
    Thing,
    digests,
    new_registry,
    new_token,
    owned,
    path_of,
    publish,
    query_of,
    thing,
    things,
)
from scripts.contract.flows.flow import flow
from scripts.contract.flows.flow_client import SPEC, Answer, FlowClient, described, operation_place, schema_place
from scripts.samples import packages
from tests.contract.flows.packages import expect_package

JSON = "application/json"
TEXT = "Ünïcode 🌻 \u00df\\n"
MEDIA_TYPES = (
    "application/json; charset=utf-8",
    "application/json;charset=UTF-8",
    'application/json; charset="utf-8"',
    "Application/JSON",
    "application/json ; charset=utf-8",
    "application/json; version=1; charset=utf-8",
)
"""Ways to say that a body is JSON (RFC 9110, section 8.3.1). Its charset is UTF-8, whatever they say (RFC 8259)."""
SAFE_MEDIA_TYPES = MEDIA_TYPES[:2]
"""Those that a live run may send."""

SPELLINGS = "JSON is understood whatever its blanks, escapes and the parameters of its media type are."
FORMS = "A form is understood whatever its boundary, the order of its parts and their further headers are."


def spelt(body: Thing) -> Iterator[bytes]:
    """Write JSON in several ways."""
    yield json.dumps(body, ensure_ascii=True).encode()
    yield json.dumps(body, ensure_ascii=False, indent=2).encode()
    yield b"\r\n\t " + json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode() + b" \n"


def chunked(content: bytes, size: int = 7) -> Iterator[bytes]:
    """Cut a body into chunks, so that it is sent without its length."""
    for start in range(0, len(content), size):
        yield content[start : start + size]


def sent_back(api: FlowClient, answer: Answer, body: Thing, what: str) -> None:
    """See that a request was taken, with the description that was sent."""
    operation_id = api.operation or ""
    if answer.status != SPEC.operations[operation_id].success:
        api.found("success", f"a success for {what}", described(answer), operation_place(operation_id, "requestBody"))
        return
    place = operation_place(operation_id, "requestBody")
    received = thing(answer.json).get("description")
    api.same(received, body["description"], f"the description sent as {what}", place)


@flow(settles=[SPELLINGS])
def json_is_understood(api: FlowClient) -> None:
    """JSON is understood whatever its blanks and escapes, the parameters of its media type and its length are."""
    is_alone = api.target.kind == "emulator"
    types = MEDIA_TYPES if is_alone else SAFE_MEDIA_TYPES
    for operation_id, operation in SPEC.operations.items():
        if operation.media_type != JSON:
            continue

        def send(content: Any, media_type: str, operation_id: str = operation_id) -> tuple[Answer, Thing]:
            path, arguments = RIGHT[operation_id](api)
            body = {**arguments["json"], "description": TEXT}
            sent = content(body)
            return api.send(operation_id, *path, content=sent, headers={"Content-Type": media_type}), body

        for media_type in types:
            answer, body = send(lambda body: json.dumps(body, ensure_ascii=False).encode(), media_type)
            sent_back(api, answer, body, media_type)
        for number in range(3):
            answer, body = send(lambda body, number=number: list(spelt(body))[number], JSON)
            sent_back(api, answer, body, ("ASCII with escapes", "JSON of several lines", "JSON with blanks")[number])
        answer, body = send(lambda body: chunked(json.dumps(body, ensure_ascii=False).encode()), JSON)
        sent_back(api, answer, body, "JSON in chunks, without its length")


@flow(writes=False, settles=["What an answer is does not depend on what else the caller would take."])
def answers_are_json(api: FlowClient) -> None:
    """An answer is JSON in UTF-8, whatever else its reader would take."""
    registry = next(iter(owned(api, api.call("list_registries"))), None)
    if api.target.writes:
        registry = new_registry(api)
        package, token = publish(api, registry), new_token(api, registry)
    if registry is None:
        return
    asked: dict[str, tuple[str, ...]] = {"list_registries": ()}
    asked |= dict.fromkeys(("get_registry", "list_packages", "list_registry_tokens"), (registry["slug"],))
    if api.target.writes:
        asked |= {"get_package": (registry["slug"], package["id"])}
        asked |= {"get_registry_token": (registry["slug"], token["id"])}
    for operation_id, path in asked.items():
        plain = api.call(operation_id, *path)
        for headers in (
            {"Accept": JSON},
            {"Accept": "text/html, application/json;q=0.9, */*;q=0.8"},
            {"Accept": "application/*"},
            {"Accept-Encoding": "identity"},
            {"Accept-Language": "de"},
        ):
            answer = api.send(operation_id, *path, headers=headers)
            ((name, value),) = headers.items()
            if operation_id.startswith("list_registries") and api.target.kind != "emulator":
                same = answer.status == SPEC.operations[operation_id].success  # others may have changed some
            else:
                same = answer.json == plain
            what = f"the same answer of {operation_id} where the request has {name}: {value}"
            api.true(same, what, described(answer), operation_place(operation_id, "responses"))
            if name == "Accept-Encoding":
                encoding = answer.headers.get("Content-Encoding")
                api.same(encoding, None, "the encoding of an answer to who wants none", operation_place(operation_id))


@flow(writes=False)
def addresses_may_be_spelt(api: FlowClient) -> None:
    """A path means the same with characters that are percent-encoded, and a query in any order."""
    registry = next(iter(owned(api, api.call("list_registries"))), None)
    if api.target.writes:
        registry = new_registry(api, name=f"{api.name()} A_b-c")
        made = [publish(api, registry, packages.generic(f"banana-{number}", "1.0.0")) for number in range(3)]
        token = new_token(api, registry)
    if registry is None:
        return
    slug = registry["slug"]
    asked: dict[str, tuple[str, ...]] = dict.fromkeys(
        ("get_registry", "list_packages", "list_registry_tokens"), (slug,)
    )
    if api.target.writes:
        asked |= {"get_package": (slug, made[0]["id"]), "get_registry_token": (slug, token["id"])}
    for operation_id, path in asked.items():
        wanted = api.call(operation_id, *path)
        for number in range(len(path)):
            encoded = [encode(part) if each == number else part for each, part in enumerate(path)]
            received = api.follow(operation_id, address(api, operation_id, *encoded))
            place = operation_place(operation_id, "parameters")
            api.same(received, wanted, f"what is at {'/'.join(encoded)}, percent-encoded", place)
    page = thing(api.call("list_packages", slug, params={"per_page": "2", "page": "1"}))
    plain = address(api, "list_packages", slug)
    place = operation_place("list_packages")
    for query in ("page=1&per_page=2", "per_page=2&page=1", "p%61ge=1&per%5Fpage=%32", "per_page=2&page=1&"):
        found = thing(api.follow("list_packages", f"{plain}?{query}"))
        api.same(found.get("items"), page.get("items"), f"the packages at ?{query}", place)
        shown = thing(found.get("links"))
        numbers = {name: {"page": "1", **query_of(path_of(str(link)))} for name, link in shown.items()}
        wanted_numbers = {
            name: {"page": "1", **query_of(path_of(str(link)))} for name, link in thing(page.get("links")).items()
        }
        api.same(numbers, wanted_numbers, f"the links at ?{query}", place)
    for row in things(page.get("items")):
        name = str(row.get("name"))
        for text in (encode(name), f"{encode(name[0])}{name[1:]}"):
            found = thing(api.follow("list_packages", f"{plain}?name={text}"))
            names = {str(each.get("name")) for each in things(found.get("items"))}
            api.same(sorted(names), [name], f"the names of the packages at ?name={text}", place)


@flow(needs_emulator=True)
def paths_may_be_encoded(api: FlowClient) -> None:
    """Each operation understands a path whose characters are all percent-encoded, be it needed or not."""
    for operation_id in RIGHT:
        path, arguments = RIGHT[operation_id](api)
        organization, *encoded = map(encode, (api.target.organization, *path))
        api.call(operation_id, *encoded, organization=organization, **arguments)


def encode(text: str) -> str:
    """Percent-encode every character, be it needed or not."""
    return "".join(f"%{byte:02X}" for byte in text.encode())


def address(api: FlowClient, operation_id: str, *path: str) -> str:
    """Write an address whose parts are encoded already."""
    operation = SPEC.operations[operation_id]
    parts = (quote(api.target.organization, safe=""), *path)
    return operation.path.format_map(dict(zip((name for _, name in operation.collections), parts, strict=True)))


@flow(needs_emulator=True)
def scheme_may_be_in_any_case(api: FlowClient) -> None:
    """The word before a token is the same in any case (RFC 9110, section 11.1)."""
    for operation_id in RIGHT:
        path, arguments = RIGHT[operation_id](api)
        for scheme in ("bearer", "BEARER"):
            answer = api.send(operation_id, *path, authorization=f"{scheme} {api.target.token}", **arguments)
            unwanted = SPEC.operations[operation_id].errors["Unauthorized"]
            api.true(answer.status != unwanted, f"no {unwanted} for the scheme {scheme}", described(answer), SCHEME)


SCHEME = "#/components/securitySchemes/bearer"


class Form:
    """A form with a file in it, written by hand.

    Args:
        file_name: of the file.
        content: of the file.
        boundary: between the parts.
    """

    def __init__(self, file_name: str, content: bytes, boundary: str = "boundary") -> None:
        self.boundary = boundary
        field = SPEC.operations["publish_package"].file_field
        self.names = [f'name="{field}"', f'filename="{file_name}"']
        self.headers = ["Content-Type: application/octet-stream"]
        self.disposition = "Content-Disposition"
        self.before: list[str] = []
        self.after: list[str] = []
        self.content = content

    def body(self) -> bytes:
        """Write it."""
        fields = [[f'Content-Disposition: form-data; name="{name}"', "", "1"] for name in (*self.before, *self.after)]
        head = [f"{self.disposition}: form-data; {'; '.join(self.names)}", *self.headers, "", ""]
        parts = ["\r\n".join(each).encode() for each in fields]
        parts.insert(len(self.before), "\r\n".join(head).encode() + self.content)
        mark = f"--{self.boundary}".encode()
        return b"".join(mark + b"\r\n" + part + b"\r\n" for part in parts) + mark + b"--\r\n"


def forms(api: FlowClient) -> Iterator[tuple[str, str, Form]]:
    """Give forms, each with what is special about it and its Content-Type."""

    def form(boundary: str = "boundary", content: bytes = b"text") -> Form:
        return Form(*packages.generic(f"banana{api.number()}", "1.0.0", content), boundary=boundary)

    def told(form: Form, wrap: str = "{}") -> str:
        return f"multipart/form-data; boundary={wrap.format(form.boundary)}"

    quoted = form("quoted")
    yield "a boundary in quotes", told(quoted, '"{}"'), quoted
    signs = form("a'(b)+c_d,e-f./g:h=i?j")
    yield "a boundary of signs", told(signs, '"{}"'), signs
    dashed = form("----WebKitFormBoundary" + "x" * 48)
    yield "a boundary of 70 characters", told(dashed), dashed
    capital = form()
    yield "a media type in capitals", told(capital).replace("multipart/form-data", "Multipart/Form-Data"), capital
    charset = form()
    yield "a charset", f"multipart/form-data; charset=utf-8; boundary={charset.boundary}", charset
    fields = form()
    fields.before = ["unheard_of", "other"]
    yield "fields before the file", told(fields), fields
    late = form()
    late.after = ["unheard_of"]
    yield "a field after the file", told(late), late
    for media_type in ("application/gzip", "text/plain; charset=utf-8", "application/x-debian-package"):
        typed = form()
        typed.headers = [f"Content-Type: {media_type}"]
        yield f"a file of the type {media_type}", told(typed), typed
    bare = form()
    bare.headers = []
    yield "a file without a type", told(bare), bare
    further = form()
    further.headers += ["Content-Transfer-Encoding: binary", "X-Unheard-Of: 1"]
    yield "a file with further headers", told(further), further
    reversed_ = form()
    reversed_.names.reverse()
    yield "the file's name before the field's", told(reversed_), reversed_
    small = form()
    small.disposition = "content-disposition"
    yield "a header in lower case", told(small), small
    inside = form(content=b"one\r\n--bound\r\n--boundar\r\n-- \r\n\r\n--\0\0\n")
    yield "a file with what is nearly its boundary", told(inside), inside


@flow(settles=[FORMS])
def forms_are_understood(api: FlowClient) -> None:
    """A file is published whatever its form's boundary, the order of its parts, their headers and its length are."""
    registry = new_registry(api)
    for what, media_type, form in forms(api):
        if api.target.kind != "emulator" and not media_type.startswith("multipart/form-data; boundary="):
            continue
        for is_chunked in (False, True):
            if is_chunked:
                form.names = [name.replace("banana", "chunks") for name in form.names]
            body = chunked(form.body(), 100) if is_chunked else form.body()
            answer = api.send("publish_package", registry["slug"], content=body, headers={"Content-Type": media_type})
            told = f"{what}, in chunks without its length" if is_chunked else what
            check_published(api, answer, registry, form.content, told)


def check_published(api: FlowClient, answer: Answer, registry: Mapping[str, Any], content: bytes, what: str) -> None:
    """See that a file was published as it is."""
    place = operation_place("publish_package", "requestBody")
    if answer.status != SPEC.operations["publish_package"].success:
        api.found("success", f"a package, from a form with {what}", described(answer), place)
        return
    shown = thing(answer.json)
    expect_package(api, shown, dict(registry), content, f"a package from a form with {what}")
    found = thing(api.call("get_package", registry["slug"], str(shown.get("id"))))
    wanted = digests(content)
    api.same(found.get("digests"), wanted, f"the digests of a form with {what}", schema_place("Package", "digests"))
