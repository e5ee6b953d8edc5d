"""Mutants that misread valid requests for how they are written: media types, headers, forms, addresses."""

import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from scripts.contract.mutants import *

WITH_JSON = ("create_registry", "update_registry_token")
READING = ("list_registries", "get_package")


def refuses(status: int, why: str, when: Callable[[Call], object]) -> Behaviour:
    """Return a behaviour that refuses certain calls without forwarding them."""

    def behaviour(call: Call) -> Answer:
        if call.scopes is None or not when(call):
            return call.forward()
        return Answer((), b"", status).error(status, why).with_header("Content-Type", "application/json")

    return behaviour


refuses_type = partial(refuses, 415, "Unsupported Media Type")
refuses_form = partial(refuses, 422, "Validation failed: no file")


def header(call: Call, name: str) -> str:
    """Get a header of a call; empty where there is none."""
    return call.request.header(name) or ""


def kind(call: Call) -> str:
    """Get the Content-Type of a call."""
    return header(call, "content-type")


def part_heads(call: Call) -> list[str]:
    """List the headers of each part of a form."""
    found = re.findall(rb"\r\n((?:[\w-]+:[^\r\n]*\r\n)+)\r\n", b"\r\n" + call.request.body[:4096])
    return [each.decode("latin-1") for each in found]


def file_types(call: Call) -> set[str]:
    """Return the media types of the files of a form; an empty one for a file without one."""
    heads = [each for each in part_heads(call) if "filename=" in each]
    types = [re.search("content-type:([^\r]*)", each, re.IGNORECASE) for each in heads]
    return {each[1].strip() if each else "" for each in types}


def has_note(call: Call, place: int) -> bool:
    """Return whether the part at an index of a form of several parts has no file."""
    heads = part_heads(call)
    return len(heads) > 1 and "filename=" not in heads[place]


def reads_latin_1(call: Call) -> Answer:
    """Read JSON as Latin-1 if it declares a charset."""
    if "charset" not in kind(call).lower():
        return call.forward()
    text = call.request.body.decode("latin-1")
    return call.forward(call.request.with_body(text.encode(), kind(call)))


def loses_escaped_pairs(call: Call) -> Answer:
    """Replace characters that are escaped as surrogate pairs."""
    body = re.sub(rb"\\u[dD][89abAB]..\\u[dD][c-fC-F]..", b"?", call.request.body)
    return call.forward(call.request.with_body(body))


def is_chunked(call: Call) -> bool:
    """Return whether the length of the body is unknown."""
    return bool(header(call, "transfer-encoding")) and not header(call, "content-length")


JSON = mutants_of_each(
    WITH_JSON,
    refuses_a_charset=refuses_type(lambda call: "charset" in kind(call).lower()),
    refuses_capitals_in_the_media_type=refuses_type(lambda call: kind(call) != kind(call).lower()),
    refuses_blanks_in_the_media_type=refuses_type(lambda call: " ;" in kind(call)),
    reads_latin_1=reads_latin_1,
    loses_escaped_pairs=loses_escaped_pairs,
    refuses_lines=refuses(400, "Bad Request", lambda call: b"\n" in call.request.body.strip()),
    wants_a_length=refuses(411, "Length Required", is_chunked),
)

FORMS = mutants_of(
    "publish_package",
    wants_a_length=refuses(411, "Length Required", lambda call: not header(call, "content-length")),
    refuses_quoted_boundaries=refuses_form(lambda call: 'boundary="' in kind(call)),
    refuses_long_boundaries=refuses_form(lambda call: len(kind(call).partition("boundary=")[2].strip('"')) > 64),
    refuses_signs_in_boundaries=refuses_form(lambda call: re.search('boundary="?[^";]*[^A-Za-z0-9"-]', kind(call))),
    wants_the_file_first=refuses_form(lambda call: has_note(call, 0)),
    wants_the_file_last=refuses(422, "Validation failed: too much", lambda call: has_note(call, -1)),
    wants_a_media_type=refuses_type(lambda call: file_types(call) - {"", "application/octet-stream"}),
    needs_a_media_type=refuses_type(lambda call: "" in file_types(call)),
    wants_the_name_first=refuses_form(
        lambda call: any(re.search("filename=.*; *name=", each) for each in part_heads(call))
    ),
    wants_capitals_in_headers=refuses_form(
        lambda call: any(each.startswith("content-disposition") for each in part_heads(call))
    ),
)


def reads_paths_as_they_are(call: Call) -> Answer:
    """Answer 404 if a path is percent-encoded without need."""
    is_encoded = call.scopes and re.search("%[2-7][0-9A-Fa-f]", call.request.path)
    return call.forward().error(404, "Not found") if is_encoded else call.forward()


def prefers_html(call: Call) -> Answer:
    """Answer HTML if the client accepts it too."""
    is_taken = "text/html" in header(call, "accept")
    return (
        on(call.forward(), 200, Answer.with_body, b"<!DOCTYPE html><html></html>", "text/html")
        if is_taken
        else call.forward()
    )


READ = mutants_of_each(
    READING,
    reads_paths_as_they_are=reads_paths_as_they_are,
    prefers_html=prefers_html,
    wants_json_to_be_asked_for=refuses(406, "Not Acceptable", lambda call: "*/*" not in header(call, "accept")),
    tells_another_charset=changed(on, 200, Answer.with_header, "Content-Type", "application/json; charset=iso-8859-1"),
)


@mutant("list_packages", "Of a query only the first parameter counts.")
def list_packages_reads_one_parameter(call: Call) -> Answer:
    names = [each.partition("=")[0] for each in call.request.query_string.split("&")]
    if names[:2] == ["page", "per_page"]:
        return call.forward(replace(call.request, query_string=call.request.query_string.partition("&")[0]))
    return call.forward()


def wants_a_capital_in_bearer(call: Call) -> Answer:
    """Refuse the scheme bearer in lower case."""
    is_small = header(call, "authorization").startswith("bearer ")
    return call.forward().error(401, "Authentication required") if is_small else call.forward()


BEARER = mutants_of_each(("create_registry", "publish_package"), wants_a_capital_in_bearer=wants_a_capital_in_bearer)
