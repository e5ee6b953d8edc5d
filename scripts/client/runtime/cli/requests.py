"""Makes the request of a command, and gives the answer's JSON."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ..openapi import PACKAGE, Json
from . import text
from .description import Described

if TYPE_CHECKING:
    from ..package_registries import PackageRegistries


def request(operation: Described, client: "PackageRegistries", values: dict[tuple[str, str], Any]) -> Json:
    """Make the arguments of a request, as `httpx.Client.build_request` takes them."""
    from ..http.paths import path_segment  # noqa: PLC0415 - these are for when a request is made
    from ..publishing.multipart import FormField, MultipartBody  # noqa: PLC0415
    from ..publishing.uploads import Upload  # noqa: PLC0415

    places: dict[str, Json] = {}
    for (place, name), value in values.items():
        places.setdefault(place, {})[name] = value
    for field in operation.fields:
        if field.setting is not None:
            places.setdefault(field.place, {})[field.name] = getattr(client, field.setting)
    found: Json = {
        "method": operation.http_method,
        "url": operation.path.format_map(
            {name: path_segment(name, value) for name, value in places.get("path", {}).items()}
        ),
    }
    if "query" in places:
        found["params"] = places["query"]
    for place in ("header", "cookie"):
        if place in places:
            found[f"{place}s"] = {name: str(value) for name, value in places[place].items()}
    if "body" in places or operation.is_body_required:
        found["json"] = places.get("body", {})
    if forms := {each.name: each.schema for each in operation.fields if each.place == "form"}:
        found.pop("json", None)
        fields: list[FormField] = [
            (name, (None, Upload.of(value), None))
            if forms[name].get("format") == "binary"
            else (name, (None, value if isinstance(value, str) else text.as_json(value), "text/plain"))
            for name, value in places.get("form", {}).items()
        ]
        found["body"] = MultipartBody(fields)
    return found


def module(operation: Described) -> Any:
    """Load the client's module of an operation."""
    return import_module(f"{PACKAGE}.api.{operation.method.resource}.{operation.id}")


def answer(operation: Described, client: "PackageRegistries", values: dict[tuple[str, str], Any]) -> Any:
    """Call an operation; gives its answer's JSON as it came. Its root is of the type that the operation documents."""
    from ..http.calls import call  # noqa: PLC0415 - slow to import
    from ..http.parsing import UnexpectedValue, member  # noqa: PLC0415
    from ..pages import Pages  # noqa: PLC0415
    from ..types import UNSET  # noqa: PLC0415

    known = module(operation)

    def parse(value: Any) -> Any:
        try:
            known.parse(value)
        except UnexpectedValue as error:
            if error.kept is not UNSET:
                error.kept = value
            raise
        return value

    arguments = request(operation, client, values)
    pages = operation.method.pages
    if pages is None:
        return call(client.client, known.OPERATION, arguments, parse if known.parse else None).parsed
    return Pages[Json, Json](
        client.client,
        known.OPERATION,
        arguments,
        parse,
        lambda page: page.get(pages.items),
        lambda page: member(page.get(pages.links), pages.following),
    )
