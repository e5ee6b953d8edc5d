"""Values that fit a schema, the same ones each time: its examples, its limits, and what is easily altered."""

import itertools
import re
from collections.abc import Iterator, Mapping
from typing import Any

import jsonschema_rs
from hypothesis import HealthCheck, Phase, given, seed, settings, strategies

from buildkite_emulator.spec import Spec

Schema = Mapping[str, Any]

LONG = "A long text, " * 100
ODD = ("<b>&amp;\"'\\</b>", "two\r\nlines\tand a tab", "e\u0301 \u00e9 🌻 ünï", "  edges  ", "%20 +", "null", "0")
"""Texts that are easily changed on their way: markup, ends of lines, decomposed letters, spaces at the ends."""

TEXTS = (
    "",
    " ",
    *ODD,
    "007",
    "1e3",
    "true",
    r"C:\new\u0041",
    "a\u00a0b\u3000c",
    "a\u2028b\u0085c",
    "\u200bfamily: 👨\u200d👩\u200d👧\ufeff",
    "\u202eright to left\u202c",
    "\ufb01rst \u00b2 \u2163 \uff37\uff49\uff44\uff45 \u212a",
    "\u201cquoted\u201d \u2018so\u2019 \u2013 and \u2026 more",
    "ends with a line\n",
    '{"a": [1]}',
    "[link](https://example.com/?a=1&b=2#c) `code` $HOME ${HOME} #{1} {{x}} %s",
    "\u00df \u1e9e \u0130 \u0131 \u03c2",
)
"""Texts of any kind, each of which something might take for another."""

LENGTHS = (255, 256, 4096, 65_535, 70_000)
"""Numbers of characters at which a text might be cut."""

OF_FORMAT = {
    "uuid": ("0191df84-0000-7000-8000-000000000001", "ffffffff-ffff-4fff-bfff-ffffffffffff"),
    "date-time": ("2024-02-29T23:59:59.999Z", "1999-12-31T00:00:00Z"),
    "date": ("2024-02-29", "1999-12-31"),
    "uri": ("https://example.com/a%20b?c=d&e=%2F#f", "https://example.com"),
    "email": ("ann+b@example.com", "o'neil@example.com"),
}
"""Values of formats."""

FEW, MOST = 4, 30
"""How many values are made to fit a pattern, and items that an array has: of a short one and of a long one."""


class SampleValues:
    """Makes values that fit schemas of the spec.

    Args:
        spec: the spec.
    """

    def __init__(self, spec: Spec) -> None:
        self._spec = spec

    def of(self, *schemas: Schema) -> list[Any]:
        """Give values that fit all of some schemas, each once; the first one says which they may be.

        Raises:
            LookupError: there are none; the schema lacks an example.
        """
        rooted = {"allOf": list(schemas), "components": self._spec.document["components"]}
        validator = jsonschema_rs.Draft202012Validator(rooted, validate_formats=True)
        found: list[Any] = []
        for value in self._candidates(schemas[0]):
            is_new = not any(type(value) is type(other) and value == other for other in found)
            if is_new and validator.is_valid(value):
                found.append(value)
        if not found:
            raise LookupError(f"no value is known that fits {schemas[0]}; give it `examples` in the spec")
        return found

    def _candidates(self, schema: Schema) -> Iterator[Any]:
        schema = self._spec.follow(schema)
        yield from schema.get("examples", ())
        if "default" in schema:
            yield schema["default"]
        listed = [*schema.get("enum", ()), *(each["value"] for each in schema.get("x-ecosystems", ()))]
        if listed:
            yield from listed
            return
        for keyword in ("anyOf", "oneOf", "allOf"):
            for branch in schema.get(keyword, ()):
                yield from self._candidates(branch)
        kind = schema.get("type", ())
        for each in [kind] if isinstance(kind, str) else kind:
            yield from getattr(self, f"_{each}")(schema)

    def _null(self, _: Schema) -> Iterator[Any]:
        yield None

    def _boolean(self, _: Schema) -> Iterator[Any]:
        yield from (True, False)

    def _integer(self, schema: Schema) -> Iterator[Any]:
        least, most = schema.get("minimum"), schema.get("maximum")
        yield from (each for each in (least, most) if each is not None)
        yield from (0, 1, -1, 7, 2**31, -(2**31), 2**53 - 1)

    def _number(self, schema: Schema) -> Iterator[Any]:
        yield from self._integer(schema)
        yield from (0.5, -0.1, 1e-7, 1e21)

    def _string(self, schema: Schema) -> Iterator[Any]:
        if "contentMediaType" in schema:
            return  # a text of another language, of which only the examples are known to be right
        if "pattern" in schema:
            found = drawn(strategies.from_regex(re.compile(schema["pattern"])), FEW)
            yield from (spelt for value in found for spelt in (value, value.upper(), value.lower()))
        if "format" in schema:
            yield from OF_FORMAT.get(schema["format"], ())
            return
        yield from TEXTS
        limits = [schema[name] for name in ("minLength", "maxLength") if name in schema]
        yield from ("ü" * length for length in limits)
        yield from (text_of(length) for length in (*limits, *LENGTHS))

    def _array(self, schema: Schema) -> Iterator[Any]:
        yield []
        values = list(itertools.islice(self._candidates(schema.get("items", {"type": "string"})), MOST))
        values += [spelt for each in values if isinstance(each, str) and (spelt := each.upper()) not in values]
        yield from ([value] for value in values[:FEW])
        yield values[:FEW]
        yield values[::-1]

    def _object(self, schema: Schema) -> Iterator[Any]:
        properties = schema.get("properties", {})
        parts = {name: list(itertools.islice(self._candidates(each), FEW)) for name, each in properties.items()}
        required = schema.get("required", ())
        yield {name: values[0] for name, values in parts.items() if values and name in required}
        for number in range(FEW):
            yield {name: values[number % len(values)] for name, values in parts.items() if values}


def text_of(length: int) -> str:
    """Make a text of a length, no two parts of which are the same."""
    numbers = (f"{number} " for number in itertools.count())
    text = ""
    while len(text) < length:
        text += "".join(itertools.islice(numbers, 1 + length // 6))
    return text[: length - 1] + "." if length else ""


def drawn(strategy: strategies.SearchStrategy[str], count: int) -> list[str]:
    """Draw values, the same ones each time."""
    found: list[str] = []

    @seed(1)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def draw(value: str) -> None:
        found.append(value)

    draw()
    return found
