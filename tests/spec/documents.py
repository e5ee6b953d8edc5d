"""Reads the pages that the spec describes, as they were handed over.

The newer pages are plain text, the older ones Markdown with HTML tables. Both are brought into the plain form
first and then read line by line. A line that looks like a statement and is not understood is an error, so
that a page cannot say something that no test looks at.
"""

import html
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlsplit

FOLDER = Path(__file__).parents[3] / "shared" / "documents"

T = TypeVar("T")

MISSING: Any = object()
"""Stands where a page says nothing; ``None`` is what a page means by ``null``."""

PLACEHOLDERS = {
    "org.slug": "org_slug",
    "registry.slug": "registry_slug",
    "source_registry.slug": "registry_slug",
    "id": "id",
    "package.id": "id",
}
"""The spec's names of the placeholders in the pages' paths."""


class DocumentError(Exception):
    """A page holds what this reader does not understand."""


@dataclass(frozen=True)
class Field:
    """What a page says of one property, form field or query parameter.

    Attributes:
        default: the value that the page states, else ``MISSING``.
        example: the value that the page shows, without quotes and without ``name=`` before it, else ``None``.
    """

    name: str
    required: bool
    default: Any = MISSING
    example: str | None = None


@dataclass(frozen=True)
class Section:
    """What a page says of one endpoint.

    Attributes:
        request: the JSON of its command, else ``MISSING``.
        form: the form fields of its command.
        response: the JSON of the answer, else ``MISSING``.
    """

    file: str
    title: str
    method: str
    server: str
    path: str
    query: dict[str, str]
    request: Any
    form: dict[str, str]
    response: Any
    scopes: frozenset[str]
    status: str
    properties: list[Field]
    form_fields: list[Field]
    parameters: list[Field]

    def __str__(self) -> str:
        """Name the section by the number of its page and its title."""
        return f"{self.file[:3]} {self.title}"


def read_folder(folder: Path = FOLDER) -> list[Section]:
    """Read every endpoint of every page in a folder.

    Raises:
        DocumentError: a page holds what this reader does not understand.
    """
    return [
        section
        for path in sorted(folder.glob("*.txt"))
        for section in read(path.read_text(encoding="utf-8"), path.name)
    ]


def read(text: str, file: str = "page") -> list[Section]:
    """Read every endpoint of a page."""
    lines = plain(text).splitlines()
    ends = [number for number, line in enumerate(lines) if line.startswith("Success response")]
    starts = [0, *(end + 1 for end in ends)]
    sections = [lines[start : end + 1] for start, end in zip(starts, ends, strict=False)]
    rest = [line for line in lines[starts[-1] :] if line]
    if rest:
        raise DocumentError(f"{file}: {rest[0]!r} belongs to no endpoint")
    return [read_section(section, file) for section in sections]


def plain(text: str) -> str:
    """Turn Markdown and HTML tables into the plain form of the newer pages, which passes unchanged."""
    return "\n".join(result for line in text.splitlines() for result in plain_line(line))


def plain_line(line: str) -> Iterator[str]:
    """Yield what becomes of a line; JSON and commands are left alone."""
    if line.startswith("```"):
        yield ""
    elif line.lstrip().startswith("<"):
        # A line of table tags alone yields nothing; it would otherwise end the block that it stands in.
        text = re.sub(r"</th>\s*<td>", " ", line).replace("<br>", "\n")
        yield from html.unescape(re.sub(r"<[^>]+>", "", text)).strip().splitlines()
    elif re.match(r"[#\w`\[]", line):
        line = re.sub(r"^#+ ", "", line)
        yield re.sub(r"\[([^\]]+)\]\([^)]*\)", r"\1", line).replace("`", "").rstrip()
    else:
        yield line.rstrip()


def read_section(lines: list[str], file: str) -> Section:
    """Read one endpoint: title, command, then what it answers and the statements, mixed with prose."""
    commands = [number for number, line in enumerate(lines) if line.startswith("curl ")]
    first = only(commands, file, "curl command")
    titles = [line for line in lines[:first] if line and not line.endswith(".")]
    if not titles:
        raise DocumentError(f"{file}: an endpoint has no title")
    title = titles[-1]
    place = f"{file}: {title}"
    last = next(number for number in range(first, len(lines)) if lines[number][:1] in ("", "{", "["))
    statements = lines[last:]
    return Section(
        file=file,
        title=title,
        **read_curl("\n".join(lines[first:last]), place),
        response=read_response(statements, place),
        **read_statements(statements, place),
    )


def read_curl(command: str, place: str) -> dict[str, Any]:
    """Read a command by its options; its quotes need not be closed nor its lines be continued."""
    method, url = only(re.findall(r'-X ([A-Z]+) "(https?://[^"]+)"', command), place, "method and URL")
    parts = urlsplit(url.replace("#{", "{"))
    body = re.findall(r"-d '(.*?)'", command, re.DOTALL)
    return {
        "method": method.lower(),
        "server": f"{parts.scheme}://{parts.netloc}",
        "path": re.sub(r"\{([^}]*)\}", lambda match: "{" + placeholder(match[1], place) + "}", parts.path),
        "query": dict(parse_qsl(parts.query)),
        "request": read_json(only(body, place, "request body"), place) if body else MISSING,
        "form": dict(form.split("=", 1) for form in re.findall(r"-F '([^'\n]+)", command)),
    }


def placeholder(name: str, place: str) -> str:
    """Give the spec's name of a placeholder."""
    if name not in PLACEHOLDERS:
        raise DocumentError(f"{place}: {name!r} is an unknown placeholder")
    return PLACEHOLDERS[name]


def read_response(lines: list[str], place: str) -> Any:
    """Read the one block of JSON that is not indented."""
    starts = [number for number, line in enumerate(lines) if line in ("{", "[")]
    ends = [number for number, line in enumerate(lines) if line in ("}", "]")]
    if len(starts) != len(ends) or len(starts) > 1:
        raise DocumentError(f"{place}: has {len(starts)} openings and {len(ends)} ends of a response")
    return read_json("\n".join(lines[starts[0] : ends[0] + 1]), place) if starts else MISSING


def read_json(text: str, place: str) -> Any:
    """Read JSON that may have trailing commas."""
    repaired = re.sub(r'("(?:[^"\\]|\\.)*")|,(?=\s*[}\]])', lambda match: match[1] or "", text)
    try:
        return json.loads(repaired)
    except json.JSONDecodeError as error:
        raise DocumentError(f"{place}: {error}") from error


LISTS = {
    "request body properties": "properties",
    "request form-field content": "form_fields",
    "query string parameters": "parameters",
}


def read_statements(lines: list[str], place: str) -> dict[str, Any]:
    """Read what follows a command: lists of fields, scopes, status."""
    result: dict[str, Any] = {name: [] for name in LISTS.values()}
    scopes, statuses = [], []
    for number, line in enumerate(lines):
        if not re.match(r"Required|Optional|Success|Default|Example", line):
            continue
        if match := re.fullmatch(r"(Required|Optional) (.+):", line):
            if match[2] not in LISTS:
                raise DocumentError(f"{place}: {line!r} announces an unknown list")
            fields = read_fields(lines[number + 1 :], place)
            result[LISTS[match[2]]] += [Field(required=match[1] == "Required", **each) for each in fields]
        elif match := re.fullmatch(r"Required scopes?: ([a-z_, ]+)", line):
            scopes.append(frozenset(match[1].split(", ")))
        elif match := re.fullmatch(r"Success response: (\d{3}) \w+", line):
            statuses.append(match[1])
        elif not line.startswith(("Default value: ", "Example: ")):
            raise DocumentError(f"{place}: {line!r} is not understood")
    return {
        **result,
        "scopes": only(scopes, place, "line of scopes"),
        "status": only(statuses, place, "status"),
    }


def read_fields(lines: list[str], place: str) -> list[dict[str, Any]]:
    """Read the fields of a list, up to the first blank line after them, but for their standing."""
    found: list[dict[str, Any]] = []
    for line in lines:
        if not line and found:
            break
        if match := re.fullmatch(r"(Example|Default value): (.+)\.", line):
            if not found:
                raise DocumentError(f"{place}: {line!r} comes before any field")
            if match[1] == "Example":
                found[-1]["example"] = re.sub(rf"^\??{found[-1]['name']}=", "", match[2].strip('"'))
            else:
                found[-1]["default"] = read_json(match[2], place)
        elif match := re.fullmatch(r"([a-z_]+) [A-Z].*", line):
            found.append({"name": match[1]})
        elif line:
            raise DocumentError(f"{place}: {line!r} is not understood in a list of fields")
    if not found:
        raise DocumentError(f"{place}: a list of fields is empty")
    return found


def only(found: list[T], place: str, what: str) -> T:
    """Take the one thing that was found."""
    if len(found) != 1:
        raise DocumentError(f"{place}: has {len(found)} of what should be one {what}")
    return found[0]
