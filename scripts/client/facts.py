"""What the client's templates want to know of the spec and the generator's parser leaves out."""

import hashlib
import keyword
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from openapi_python_client.strings import PythonIdentifier, snake_case

from scripts import ROOT
from scripts.spec.bundle import Bundle, Pointer, SpecError
from scripts.spec.lint import follow, operations, parameters, schemas

Json = dict[str, Any]

SETTING = "x-client-setting"
"""Marks a parameter whose value a client is made with."""

PRESIGNED = "x-presigned-by"
"""Marks a property that takes the address of a file which was sent by the form that the named operation gives."""

SETTINGS = frozenset({"organization"})
"""What a client is made with."""

TAKEN_TAGS = frozenset({"client", "organization", "close", "aclose", "from_agent", "from_env"})
"""Attributes of the object that has the resources."""

TAKEN_PARAMETERS = frozenset(
    {
        *("acall", "asyncio_detailed", "body", "call", "client", "cookies", "headers", "params", "parse"),
        *("path_segment", "request_arguments", "sync_detailed"),
    }
)
"""What the functions of an operation call something else."""

TAKEN_PROPERTIES = frozenset(
    {"additional_keys", "additional_properties", "cls", "from_dict", "src_dict", "to_dict", "to_multipart"}
)
"""What a model calls something else."""

TAKEN_ERRORS = frozenset(
    re.findall(
        r"^class (\w+)", (ROOT / "scripts/client/runtime/http/base_errors.py").read_text(encoding="utf-8"), re.MULTILINE
    )
)
"""Classes of errors that are there whatever the spec says."""


@dataclass(frozen=True)
class StatusErrorFacts:
    """An error that the spec documents.

    Attributes:
        status: its status code.
        name: name of its response component, and so of its class.
        description: what the spec says of it.
    """

    status: int
    name: str
    description: str

    @property
    def summary(self) -> str:
        """The first sentence, for a line of a tree."""
        return (
            self.description.partition(". ")[0].rstrip(".")[:1].lower()
            + self.description.partition(". ")[0].rstrip(".")[1:]
        )


@dataclass(frozen=True)
class PagesFacts:
    """Where a page has its items and the address of the next page.

    Attributes:
        items: property with the items.
        links: property with the addresses.
        following: property of those that holds the next page's.
    """

    items: str
    links: str
    following: str


@dataclass(frozen=True)
class UploadFacts:
    """What goes with an operation that takes a file.

    Attributes:
        field: form field of the file.
        find: operationId of what lists, in pages, what is in the same place.
        filter: parameter of that for the name of what is listed.
        get: operationId of what looks one of them up.
        documents: form fields beside the file that are documents, with a media type of their own.
        address: form field for the address of a file that was sent before, in the place of the file; None for none.
        presign: operationId of what gives the form that such a file is sent by.
    """

    field: str
    find: str
    filter: str
    get: str
    documents: tuple[str, ...]
    address: str | None
    presign: str | None


@dataclass(frozen=True)
class OperationFacts:
    """An operation.

    Attributes:
        method: its name in the client's resource.
        scopes: alternatives of scopes that are needed together.
        documentation: address of its reference page.
        descriptions: of its parameters and of its body's properties, by name.
        body: description of its body.
        settings: names of the parameters that the client is made with.
        errors: those that it documents.
        answer: what the spec says of its success.
        starts: names of the parameters whose default is their least value, as the number of the page to begin with.
        maxima: the greatest values of parameters that have a lesser one by default, by name.
        pages: of a list that comes in pages.
        upload: of an operation that takes a file.
    """

    method: str
    scopes: tuple[tuple[str, ...], ...]
    documentation: str
    descriptions: Mapping[str, str]
    body: str
    settings: Mapping[str, str]
    errors: tuple[StatusErrorFacts, ...]
    answer: str
    starts: frozenset[str]
    maxima: Mapping[str, int]
    pages: PagesFacts | None
    upload: UploadFacts | None


def facts_for_templates(joined: Bundle) -> Json:
    """Gather what the templates take beyond what the generator gives them.

    Raises:
        SpecError: the names of two operations give one method, or something else cannot be expressed.
    """
    document = joined.document
    problems = list(inexpressible(joined))
    if problems:
        raise SpecError(*problems)
    facts = {
        operation["operationId"]: operation_facts(document, pointer, operation, item)
        for pointer, operation, item in operations(document)
    }
    seen: dict[tuple[str, str], str] = {}
    for pointer, operation, _ in operations(document):
        name = operation["operationId"]
        other = seen.setdefault((operation["tags"][0], facts[name].method), name)
        if other != name:
            raise SpecError(f"{joined.place(pointer)} {name} gives the client's method that {other} gives")
    errors = {error.status: error for each in facts.values() for error in each.errors}
    headers = document["components"].get("headers", {})
    schemes = document["components"].get("securitySchemes", {})
    return {
        "facts": facts,
        "errors": [errors[status] for status in sorted(errors)],
        "server": document["servers"][0]["url"],
        "root": "/" + next(iter(document["paths"])).split("/")[1],
        "oidc": schemes.get("bearer", {}).get("x-oidc", {"audience": "", "lifetime": 0}),
        "rate_limits": [name.removesuffix("-Reset") for name in headers if name.endswith("-Reset")],
        "tags": {tag["name"]: tag["description"] for tag in document["tags"]},
    }


def inexpressible(joined: Bundle) -> Iterator[str]:
    """Yield what of the spec the client has no way to say."""
    document = joined.document
    for index, tag in enumerate(document["tags"]):
        name = tag["name"]
        if not re.fullmatch("[a-z][a-z_]*", name) or name in TAKEN_TAGS or name.startswith("with_"):
            yield f"{joined.place(('tags', index))} the tag {name!r} cannot be an attribute of the client; rename it"
    for pointer, schema in schemas(document):
        for problem_pointer, problem in wrong_names(pointer, schema):
            yield f"{joined.place(problem_pointer)} {problem}"
    statuses: dict[str, str] = {}
    for pointer, operation, item in operations(document):
        for problem in (
            *wrong_parameters(parameters(document, operation, item)),
            *wrong_contents(document, operation),
            *wrong_presigning(document, operation),
            *wrong_errors(operation, statuses),
        ):
            yield f"{joined.place(pointer)} {operation['operationId']}: {problem}"


def wrong_names(pointer: Pointer, schema: Json) -> Iterator[tuple[Pointer, str]]:
    """Yield which properties and values of a schema cannot have a name in Python, each with its place."""
    for name in schema.get("properties", {}):
        if PythonIdentifier(name, "") in TAKEN_PROPERTIES:
            yield (*pointer, "properties", name), f"the client's models use the name {name} for something else"
    members: dict[str, str] = {}
    for index, value in enumerate(schema.get("enum", ())):
        if isinstance(value, str) and value[:1].isalpha():  # others are numbered
            other = members.setdefault(snake_case(value.upper()), value)
            if other != value:
                yield (*pointer, "enum", index), f"the value {value!r} has the same name in Python as {other!r}"


def wrong_parameters(found: list[Json]) -> Iterator[str]:
    """Yield which parameters the client's functions cannot have."""
    for each in found:
        if each["name"].lower().replace("-", "_") in TAKEN_PARAMETERS:
            yield f"the client uses the name of the parameter {each['name']} for something else"
        if each.get(SETTING, "organization") not in SETTINGS:
            yield f"{SETTING} is {each[SETTING]}; it should be one of {', '.join(SETTINGS)}"


def wrong_contents(document: Json, operation: Json) -> Iterator[str]:
    """Yield what an operation sends or answers with in a form that the client does not know."""
    if "application/octet-stream" in follow(document, operation.get("requestBody", {})).get("content", {}):
        yield "the client sends JSON and forms; it cannot send application/octet-stream"
    for status, each in operation["responses"].items():
        kinds = follow(document, each).get("content", {})
        if status[0] == "2" and kinds and set(kinds) != {"application/json"}:
            yield f"the client reads JSON; it cannot read {', '.join(kinds)}"


def wrong_presigning(document: Json, operation: Json) -> Iterator[str]:
    """Yield which properties name an operation, as what gives a form, that is not there."""
    known = {each["operationId"] for _, each, _ in operations(document)}
    for name, schema in body_properties(document, operation):
        if schema.get(PRESIGNED, "") not in {"", *known}:
            yield f"{PRESIGNED} of {name} is {schema[PRESIGNED]}, which is no operation"


def wrong_errors(operation: Json, statuses: dict[str, str]) -> Iterator[str]:
    """Yield which errors cannot have a class of their name; `statuses` collects those that have one."""
    for status, each in operation["responses"].items():
        name = each["$ref"].rpartition("/")[2]
        if status[0] != "2" and (name in TAKEN_ERRORS or statuses.setdefault(name, status) != status):
            yield f"the error of {status} cannot be {name}, as another has that name; rename its response"


def operation_facts(document: Json, pointer: Pointer, operation: Json, item: Json) -> OperationFacts:
    """Gather the facts of one operation."""
    taken = parameters(document, operation, item)
    success = follow(document, next(each for status, each in operation["responses"].items() if status[0] == "2"))
    return OperationFacts(
        method=method_name(operation["operationId"], operation["tags"][0]),
        scopes=tuple(tuple(each for scopes in way.values() for each in scopes) for way in operation["security"]),
        documentation=operation["externalDocs"]["url"],
        descriptions={
            name: description(each)
            for name, each in (
                *body_properties(document, operation),
                *((parameter["name"], parameter) for parameter in taken),
            )
            if "description" in each
        },
        body=body_description(document, operation),
        settings={each["name"]: each[SETTING] for each in taken if SETTING in each},
        errors=tuple(
            StatusErrorFacts(int(status), each["$ref"].rpartition("/")[2], follow(document, each)["description"])
            for status, each in operation["responses"].items()
            if status[0] != "2"
        ),
        answer=success["description"],
        starts=frozenset(
            each["name"]
            for each in taken
            if {"default", "minimum"} <= set(schema := follow(document, each["schema"]))
            and schema["default"] == schema["minimum"]
        ),
        maxima={
            each["name"]: schema["maximum"]
            for each in taken
            if {"default", "maximum"} <= set(schema := follow(document, each["schema"]))
        },
        pages=pages_facts(document, success),
        upload=upload_facts(document, pointer, operation, success),
    )


def method_name(operation_id: str, tag: str) -> str:
    """Name an operation's method: the verb, where the rest is what the tag is about; else the operationId."""
    verb, _, noun = operation_id.partition("_")
    return verb if tag in {noun, plural(noun)} and not keyword.iskeyword(verb) else operation_id


def plural(noun: str) -> str:
    """Give the plural of a noun."""
    return re.sub("y$", "ie", noun) + "s"


def class_name(tag: str) -> str:
    """Give the name of the class of a tag's resource."""
    return "".join(map(str.capitalize, tag.split("_")))


def body_properties(document: Json, operation: Json) -> Iterator[tuple[str, Json]]:
    """Yield the properties of an operation's body, by name, as far as its schema has some."""
    for content in follow(document, operation.get("requestBody", {})).get("content", {}).values():
        whole = follow(document, content["schema"])
        for part in (whole, *(follow(document, each) for each in whole.get("allOf", []))):
            for name, schema in part.get("properties", {}).items():
                yield name, follow(document, schema)


def body_description(document: Json, operation: Json) -> str:
    """Say what an operation's body is: in its own words, or in those of its schema."""
    body = follow(document, operation.get("requestBody", {}))
    schemas = [follow(document, content["schema"]) for content in body.get("content", {}).values()]
    return next((each["description"] for each in (body, *schemas) if each.get("description")), "What to send.")


def description(schema: Json) -> str:
    """Describe a property, with the values that the spec lists where others may come."""
    values = ", ".join(f"`{each['value']}`" for each in schema.get("x-ecosystems", ()))
    return str(schema["description"]) + (f" Known values: {values}." if values else "")


def json_properties(document: Json, response: Json) -> dict[str, Json]:
    """Give the properties of a response's JSON, by name; none where it is no object."""
    schema = follow(document, response.get("content", {}).get("application/json", {}).get("schema", {}))
    return {name: follow(document, each) for name, each in schema.get("properties", {}).items()}


def pages_facts(document: Json, success: Json) -> PagesFacts | None:
    """See whether a success is a page: it always has one array, and a link to the next page."""
    schema = follow(document, success.get("content", {}).get("application/json", {}).get("schema", {}))
    needed = schema.get("required", ())
    always = {name: each for name, each in json_properties(document, success).items() if name in needed}
    items = [name for name, each in always.items() if each.get("type") == "array"]
    links = [name for name, each in always.items() if "next" in each.get("properties", {})]
    return PagesFacts(items[0], links[0], "next") if len(items) == len(links) == 1 else None


def upload_facts(document: Json, pointer: Pointer, operation: Json, success: Json) -> UploadFacts | None:
    """See whether an operation takes a file whose digests it answers with, and can be found by them again."""
    sent = dict(body_properties(document, operation))
    files = [name for name, schema in sent.items() if schema.get("format") == "binary"]
    answered = json_properties(document, success)
    digests = [
        name
        for name, schema in answered.items()
        if schema.get("properties") and set(schema["properties"]) <= hashlib.algorithms_available
    ]
    place = document["paths"][pointer[1]]
    below = re.compile(re.escape(str(pointer[1])) + r"/\{\w+\}")
    gets = [item["get"] for path, item in document["paths"].items() if below.fullmatch(path) and "get" in item]
    contents = follow(document, operation.get("requestBody", {})).get("content", {}).values()
    needed = {name for each in contents for name in follow(document, each["schema"]).get("required", ())}
    if not (len(files) == 1 and needed <= set(files) and digests and gets and "get" in place):
        return None
    filters = [
        each["name"]
        for each in parameters(document, place["get"], place)
        if each["in"] == "query" and each["name"] in answered
    ]
    if not filters or not pages_facts(document, follow(document, place["get"]["responses"]["200"])):
        return None
    address = next((name for name, schema in sent.items() if PRESIGNED in schema), None)
    return UploadFacts(
        field=files[0],
        find=place["get"]["operationId"],
        filter=filters[0],
        get=gets[0]["operationId"],
        documents=tuple(name for name, schema in sent.items() if "contentMediaType" in schema),
        address=address,
        presign=None if address is None else sent[address][PRESIGNED],
    )
