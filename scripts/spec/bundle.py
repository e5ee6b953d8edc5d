"""Join the files under ``openapi/`` into the one document that everything else reads.

prance resolves which file and place a reference means and runs openapi-spec-validator over the result; the names are
kept here, because prance's own resolver would inline every component and its translator would rename them. Path items
are inlined, since openapi-python-client skips a path item that is only a reference, and
``file.yaml#/schemas/Registry`` becomes ``#/components/schemas/Registry``.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jsonschema_rs
import prance
from prance.util.path import path_get
from prance.util.url import ResolutionError, split_url_reference
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from scripts import ROOT

SPEC = ROOT / "openapi" / "openapi.yaml"

SECTIONS = ("schemas", "parameters", "headers", "requestBodies", "responses", "links", "examples")
"""The sections of a file whose entries become components of the same name."""

DIALECT = "https://json-schema.org/draft/2020-12/schema"
"""The dialect of OpenAPI 3.1's schemas, but for the few keywords that OpenAPI adds."""

Pointer = tuple[str | int, ...]


@dataclass(frozen=True)
class Place:
    """A place in a file under ``openapi/``, printed as ``openapi/file.yaml:LINE /json/pointer``."""

    file: Path
    pointer: Pointer
    line: int

    def __str__(self) -> str:
        file = self.file.relative_to(ROOT) if self.file.is_relative_to(ROOT) else self.file
        return f"{file}:{self.line} {format_pointer(self.pointer)}"


class SpecError(Exception):
    """What is wrong with the spec: one line per problem, each beginning with its place."""

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def format_pointer(pointer: Pointer) -> str:
    """Write a path of keys and indices as an RFC 6901 JSON pointer."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in pointer) or "/"


@dataclass
class Source:
    """One file under ``openapi/``, with the line of each of its values."""

    path: Path
    data: CommentedMap

    @classmethod
    def load(cls, path: Path) -> "Source":
        """Read a file.

        Raises:
            SpecError: the file is missing, is not YAML or does not hold a mapping.
        """
        try:
            data = YAML(typ="rt").load(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise SpecError(f"{path}:1 / cannot be read: {error.strerror}") from error
        except MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 1
            raise SpecError(f"{Place(path, (), line)} is not YAML: {error.problem}") from error
        except (YAMLError, UnicodeDecodeError) as error:
            raise SpecError(f"{Place(path, (), 1)} is not YAML: {' '.join(str(error).split())}") from error
        if not isinstance(data, CommentedMap):
            raise SpecError(f"{Place(path, (), 1)} should be a mapping")
        return cls(path, data)

    def place(self, pointer: Pointer) -> Place:
        """Find the place of a value, or of the nearest value above it that is written in the file."""
        line = 1
        node: Any = self.data
        for part in pointer:
            try:
                if isinstance(node, CommentedMap):
                    line = node.lc.key(part)[0] + 1
                elif isinstance(node, CommentedSeq):
                    line = node.lc.item(part)[0] + 1
                node = node[part]
            except (KeyError, IndexError, TypeError):
                break
        return Place(self.path, pointer, line)


@dataclass
class Bundle:
    """The joined document and, for each part of it, where it was written.

    Attributes:
        document: the OpenAPI document, plain dicts, lists and scalars.
    """

    document: dict[str, Any]
    sources: dict[Path, Source]
    origins: dict[Pointer, tuple[Path, Pointer]] = field(default_factory=dict)

    def place(self, pointer: Pointer) -> Place:
        """Find where the value at a pointer into the document was written."""
        for length in range(len(pointer), 0, -1):
            if pointer[:length] in self.origins:
                file, base = self.origins[pointer[:length]]
                return self.sources[file].place(base + pointer[length:])
        return next(iter(self.sources.values())).place(pointer)

    def mentioned(self, text: str) -> Place:
        """Find the place of the operation, path or component that a tool's message speaks of; else the root file's."""
        if operation := re.search(r"\b(GET|PUT|POST|DELETE|PATCH|HEAD|OPTIONS) (/\S+)", text):
            return self.place(("paths", operation[2], operation[1].lower()))
        if component := re.search(r"\bcomponents/(\w+)/(\w+)", text):
            return self.place(("components", component[1], component[2]))
        paths = [path for path in self.document["paths"] if re.search(rf"{re.escape(path)}(?![/\w])", text)]
        return self.place(("paths", paths[0])) if paths else self.place(())

    def to_json(self) -> str:
        """Write the document as JSON; the same spec always gives the same text."""
        return json.dumps(self.document, indent=2, ensure_ascii=False) + "\n"


class Bundler:
    """Walks from the root file to all that it refers to."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self.sources: dict[Path, Source] = {}
        self.problems: list[str] = []
        self.components: dict[tuple[str, str], Path] = {}
        self.resolved: dict[str, dict[str, Any]] = {}
        self.origins: dict[Pointer, tuple[Path, Pointer]] = {}

    def source(self, path: Path) -> Source:
        """Load a file, once."""
        if path not in self.sources:
            self.sources[path] = Source.load(path)
        return self.sources[path]

    def bundle(self) -> Bundle:
        """Join everything.

        Raises:
            SpecError: references or components are wrong.
        """
        root = self.source(self.root)
        document = {
            key: self.resolve(value, self.root, (key,))
            for key, value in root.data.items()
            if key not in ("paths", "components")
        }
        document["paths"] = {
            path: self.path_item(item, ("paths", path)) for path, item in root.data.get("paths", {}).items()
        }
        components = self.resolve(root.data.get("components", {}), self.root, ("components",))
        for section in SECTIONS:
            if section in self.resolved:
                components[section] = dict(sorted(self.resolved[section].items()))
        document["components"] = components
        if not self.problems:
            self.check_unused()  # after another problem, much would seem unused that is not
        if self.problems:
            raise SpecError(*dict.fromkeys(self.problems))
        return Bundle(document, self.sources, self.origins)

    def path_item(self, item: Any, pointer: Pointer) -> Any:
        """Copy a path item to where it is referred to from."""
        if not (isinstance(item, Mapping) and "$ref" in item):
            return self.resolve(item, self.root, pointer)
        target = self.target(item["$ref"], self.root, pointer)
        if target is None:
            return {}
        file, place = target
        self.origins[pointer] = (file, place)
        return self.resolve(path_get(self.source(file).data, place), file, place)

    def resolve(self, value: Any, file: Path, pointer: Pointer) -> Any:
        """Copy a value as plain data, with its references turned into references to components."""
        if isinstance(value, Mapping):
            if "$ref" in value:
                return {**value, "$ref": self.component(value["$ref"], file, pointer)}
            return {key: self.resolve(child, file, (*pointer, key)) for key, child in value.items()}
        if isinstance(value, list):
            return [self.resolve(child, file, (*pointer, index)) for index, child in enumerate(value)]
        for plain in (str, bool, int, float):
            if isinstance(value, plain):
                return plain(value)  # ruamel's own scalars remember how they were written
        if value is not None:
            place = self.source(file).place(pointer)
            self.problems.append(f"{place} is read as a {type(value).__name__}, which JSON has not; put it in quotes")
        return value

    def target(self, reference: str, file: Path, pointer: Pointer) -> tuple[Path, Pointer] | None:
        """Find the file and place that a reference means; None, and a problem noted, where there is none."""
        place = self.source(file).place((*pointer, "$ref"))
        try:
            url, parts = split_url_reference(file.as_uri(), reference)
            target = Path(url.path)
            exists = target.is_file()
            if exists:
                path_get(self.source(target).data, parts)
        except (ResolutionError, KeyError, IndexError, TypeError):
            exists = False
        if not exists:
            self.problems.append(f"{place} refers to {reference}, which does not exist")
            return None
        return target, tuple(parts)

    def component(self, reference: str, file: Path, pointer: Pointer) -> str:
        """Take what a reference means into the components; returns the reference to it there."""
        target = self.target(reference, file, pointer)
        if target is None:
            return reference
        target_file, parts = target
        section, *names = map(str, parts or ("",))
        if section not in SECTIONS or len(names) != 1:
            place = self.source(file).place((*pointer, "$ref"))
            sections = ", ".join(SECTIONS)
            self.problems.append(f"{place} refers to {reference}, which is not an entry of one of {sections}")
            return reference
        name = names[0]
        known = self.components.setdefault((section, name), target_file)
        if known != target_file:
            here, there = (self.source(path).place(parts) for path in (target_file, known))
            self.problems.append(f"{here} has the name of {there}; components need names of their own")
        elif name not in self.resolved.setdefault(section, {}):
            self.resolved[section][name] = None  # holds the place, so that a schema may refer to itself
            self.origins[("components", section, name)] = (target_file, parts)
            data = path_get(self.source(target_file).data, parts)
            self.resolved[section][name] = self.resolve(data, target_file, parts)
        return f"#/components/{section}/{name}"

    def check_unused(self) -> None:
        """Note what is written and referred to by nothing."""
        for file in sorted(self.root.parent.glob("*.yaml")):
            source = self.source(file)
            for section in SECTIONS:
                for name in source.data.get(section, {}):
                    if self.components.get((section, name)) != file:
                        self.problems.append(f"{source.place((section, name))} is used nowhere; use it or delete it")
            if file != self.root:
                used = {place for origin, place in self.origins.values() if origin == file}
                for name in source.data.get("paths", {}):
                    if ("paths", name) not in used:
                        self.problems.append(f"{source.place(('paths', name))} is not in the table of paths")


def bundle(root: Path = SPEC) -> Bundle:
    """Join the spec and validate the result.

    Args:
        root: the root file; the others are those beside it.

    Raises:
        SpecError: a file cannot be read, a reference dangles, two components share a name, a component is unused, or
            the result is not valid OpenAPI 3.1. Each problem names its file, line and place.
    """
    result = Bundler(root).bundle()
    for name, schema in result.document["components"].get("schemas", {}).items():
        try:
            jsonschema_rs.meta.validate({"$schema": DIALECT, **schema})
        except jsonschema_rs.ValidationError as fault:
            place = result.place(("components", "schemas", name, *fault.instance_path))
            raise SpecError(f"{place} is no JSON Schema: {fault.message}") from fault
    try:
        prance.BaseParser(spec_string=result.to_json(), backend="openapi-spec-validator")
    except prance.ValidationError as error:
        problem = innermost(error)
        pointer = tuple(getattr(problem, "absolute_path", ()))
        reason = str(getattr(problem, "message", error)).split("\n", 1)[0]  # the rest quotes the schema and the value
        place = result.place(pointer) if pointer else result.mentioned(reason)
        raise SpecError(f"{place} is not valid OpenAPI: {reason}") from error
    return result


def innermost(error: BaseException) -> Any:
    """Find the error of the JSON Schema validator that others were raised from."""
    for argument in (error.__cause__, error.__context__, *error.args):
        if isinstance(argument, BaseException):
            return innermost(argument)
    return error


def walk(value: Any, pointer: Pointer = ()) -> Iterator[tuple[Pointer, Any]]:
    """Yield each value below a value with the pointer to it, parents first."""
    yield pointer, value
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield from walk(child, (*pointer, key))
