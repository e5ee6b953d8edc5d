"""Requests that are right and not understood, for how they are written: media types, headers, forms, addresses."""

import re
from dataclasses import replace

from scripts.contract.mutants import Answer, Call, mutant, mutant_of_each, mutants_of

WITH_JSON = ("create_registry", "update_registry_token")
READING = ("list_registries", "get_package")


def refused(call: Call, status: int, why: str) -> Answer:
    """Refuse a call that would have been taken, and do nothing."""
    if call.scopes is None:
        return call.forward()
    return Answer((), b"", status).error(status, why).with_header("Content-Type", "application/json")


def kind(call: Call) -> str:
    """Give the Content-Type of a call."""
    return call.request.header("content-type") or ""


def part_heads(call: Call) -> list[str]:
    """List the heads of the parts of a form."""
    found = re.findall(rb"\r\n((?:[\w-]+:[^\r\n]*\r\n)+)\r\n", b"\r\n" + call.request.body[:4096])
    return [each.decode("latin-1") for each in found]


@mutant_of_each(WITH_JSON, "{operation} refuses JSON whose charset is told.")
def refuses_a_charset(call: Call) -> Answer:
    return refused(call, 415, "Unsupported Media Type") if "charset" in kind(call).lower() else call.forward()


@mutant_of_each(WITH_JSON, "{operation} wants its media type in lower case.")
def refuses_capitals_in_the_media_type(call: Call) -> Answer:
    return refused(call, 415, "Unsupported Media Type") if kind(call) != kind(call).lower() else call.forward()


@mutant_of_each(WITH_JSON, "{operation} does not know a media type with a blank before the semicolon.")
def refuses_blanks_in_the_media_type(call: Call) -> Answer:
    return refused(call, 415, "Unsupported Media Type") if " ;" in kind(call) else call.forward()


@mutant_of_each(WITH_JSON, "{operation} reads JSON as Latin-1 where its charset is told.")
def reads_latin_1(call: Call) -> Answer:
    if "charset" not in kind(call).lower():
        return call.forward()
    text = call.request.body.decode("latin-1")
    return call.forward(call.request.with_body(text.encode(), kind(call)))


@mutant_of_each(WITH_JSON, "{operation} loses letters that are escaped as two halves.")
def loses_escaped_pairs(call: Call) -> Answer:
    body = re.sub(rb"\\u[dD][89abAB]..\\u[dD][c-fC-F]..", b"?", call.request.body)
    return call.forward(replace(call.request.with_body(body)))


@mutant_of_each(WITH_JSON, "{operation} refuses JSON of several lines.")
def refuses_lines(call: Call) -> Answer:
    return refused(call, 400, "Bad Request") if b"\n" in call.request.body.strip() else call.forward()


@mutant_of_each(WITH_JSON, "{operation} refuses a body of unknown length.")
def wants_a_length(call: Call) -> Answer:
    is_chunked = call.request.header("transfer-encoding") and not call.request.header("content-length")
    return refused(call, 411, "Length Required") if is_chunked else call.forward()


PUBLISH_PACKAGE = mutants_of(
    "publish_package",
    wants_a_length=(
        "A file of unknown length is refused.",
        lambda call: (
            refused(call, 411, "Length Required") if not call.request.header("content-length") else call.forward()
        ),
    ),
    refuses_quoted_boundaries=(
        "A form whose boundary is in quotes is refused.",
        lambda call: refused(call, 422, "Validation failed: no file") if 'boundary="' in kind(call) else call.forward(),
    ),
)


@mutant("publish_package", "A form of a long boundary is refused.")
def publish_package_refuses_long_boundaries(call: Call) -> Answer:
    boundary = kind(call).partition("boundary=")[2].strip('"')
    return refused(call, 422, "Validation failed: no file") if len(boundary) > 64 else call.forward()


@mutant("publish_package", "A form whose boundary has signs in it is refused.")
def publish_package_refuses_signs_in_boundaries(call: Call) -> Answer:
    is_odd = re.search('boundary="?[^";]*[^A-Za-z0-9"-]', kind(call))
    return refused(call, 422, "Validation failed: no file") if is_odd else call.forward()


@mutant("publish_package", "A form with a field before the file is refused.")
def publish_package_wants_the_file_first(call: Call) -> Answer:
    heads = part_heads(call)
    is_late = len(heads) > 1 and "filename=" not in heads[0]
    return refused(call, 422, "Validation failed: no file") if is_late else call.forward()


@mutant("publish_package", "A form with a field after the file is refused.")
def publish_package_wants_the_file_last(call: Call) -> Answer:
    heads = part_heads(call)
    is_early = len(heads) > 1 and "filename=" not in heads[-1]
    return refused(call, 422, "Validation failed: too much") if is_early else call.forward()


@mutant("publish_package", "A file of another media type than bytes is refused.")
def publish_package_wants_a_media_type(call: Call) -> Answer:
    heads = [each for each in part_heads(call) if "filename=" in each]
    types = {line.partition(":")[2].strip() for line in "".join(heads).split("\r\n") if "content-type" in line.lower()}
    return refused(call, 415, "Unsupported Media Type") if types - {"application/octet-stream"} else call.forward()


@mutant("publish_package", "A file without a media type is refused.")
def publish_package_needs_a_media_type(call: Call) -> Answer:
    heads = [each for each in part_heads(call) if "filename=" in each]
    is_bare = bool(heads) and "content-type" not in "".join(heads).lower()
    return refused(call, 415, "Unsupported Media Type") if is_bare else call.forward()


@mutant("publish_package", "A form is refused where the file's name comes before the field's.")
def publish_package_wants_the_name_first(call: Call) -> Answer:
    is_reversed = any(re.search("filename=.*; *name=", each) for each in part_heads(call))
    return refused(call, 422, "Validation failed: no file") if is_reversed else call.forward()


@mutant("publish_package", "A form is refused whose headers are in lower case.")
def publish_package_wants_capitals_in_headers(call: Call) -> Answer:
    is_small = any(each.startswith("content-disposition") for each in part_heads(call))
    return refused(call, 422, "Validation failed: no file") if is_small else call.forward()


@mutant_of_each(READING, "{operation} does not read what is percent-encoded in a path without need.")
def reads_paths_as_they_are(call: Call) -> Answer:
    if call.scopes and re.search("%[2-7][0-9A-Fa-f]", call.request.path):
        return call.forward().error(404, "Not found")
    return call.forward()


@mutant_of_each(READING, "{operation} answers with HTML where that is taken too.")
def prefers_html(call: Call) -> Answer:
    answer = call.forward()
    if "text/html" in (call.request.header("accept") or "") and answer.ok:
        return answer.with_body(b"<!DOCTYPE html><html></html>", "text/html")
    return answer


@mutant_of_each(READING, "{operation} has nothing for whom anything will do.")
def wants_json_to_be_asked_for(call: Call) -> Answer:
    accept = call.request.header("accept")
    return call.forward() if accept and "*/*" in accept else refused(call, 406, "Not Acceptable")


@mutant_of_each(READING, "{operation} says that its answer is in Latin-1.")
def tells_another_charset(call: Call) -> Answer:
    answer = call.forward()
    return answer.with_header("Content-Type", "application/json; charset=iso-8859-1") if answer.ok else answer


@mutant("list_packages", "Of a query only the first parameter counts.")
def list_packages_reads_one_parameter(call: Call) -> Answer:
    names = [each.partition("=")[0] for each in call.request.query_string.split("&")]
    if names[:2] == ["page", "per_page"]:
        return call.forward(replace(call.request, query_string=call.request.query_string.partition("&")[0]))
    return call.forward()


@mutant_of_each(("create_registry", "publish_package"), "{operation} does not know the word bearer in lower case.")
def wants_a_capital_in_bearer(call: Call) -> Answer:
    if (call.request.header("authorization") or "").startswith("bearer "):
        return call.forward().error(401, "Authentication required")
    return call.forward()
