"""Models of every kind of schema that the generator has go through with no hand edit: one is added to a copy."""

import datetime
import importlib
import json
import os
import pickle
import shutil
import subprocess
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.client import generate
from scripts.spec.bundle import SPEC
from tests.client.test_models import JSON
from tests.support.spec_copy import SpecCopy

pytestmark = pytest.mark.slow  # each test uses a client that is generated here
NAME = "kinds_packages"

SCHEMAS = """
schemas:
  Kinds:
    type: object
    description: A property of every kind.
    required: [text, whole, ratio, flag, uid, day, moment, color, level, fixed, fixed_number, many, nullable, both, any]
    properties:
      text: {type: string}
      whole: {type: integer}
      ratio: {type: number}
      flag: {type: boolean}
      uid: {type: string, format: uuid}
      day: {type: string, format: date}
      moment: {type: string, format: date-time}
      color: {$ref: '#/schemas/Color'}
      level: {$ref: '#/schemas/Level'}
      fixed: {const: kinds}
      fixed_number: {const: 1}
      many: {type: array, items: {type: array, items: {type: string, format: date}}}
      nullable: {type: ['null', string], format: uuid}
      both:
        anyOf: [{type: string, format: date-time}, {$ref: '#/schemas/Leaf'}, {type: array, items: {type: integer}}]
      any: {}
      nothing: {type: 'null'}
      file: {type: string, format: binary}
      password: {type: string, format: password}
      free: {$ref: '#/schemas/Free'}
      closed: {$ref: '#/schemas/Leaf'}
      days: {$ref: '#/schemas/Days'}
      kids: {type: array, items: {$ref: '#/schemas/Kinds'}}
      maybe_any: {}
      maybe_kids: {type: array, items: {anyOf: [{$ref: '#/schemas/Leaf'}, {type: 'null'}, {type: boolean}]}}
      maybe_uid: {type: string, format: uuid}
      maybe_day: {type: [string, 'null'], format: date}
      maybe_color: {$ref: '#/schemas/Color'}
      maybe_level: {anyOf: [{$ref: '#/schemas/Level'}, {type: 'null'}]}
      maybe_colors: {type: array, items: {$ref: '#/schemas/Color'}}
      maybe_fixed: {anyOf: [{const: one}, {const: two}]}
      greeting: {type: string, default: hello}
      parsing: {type: string}
      d: {type: string}
      from: {type: string}
      'a/b "c" \\ ~': {type: string}
  Color: {type: string, description: A colour., enum: [red, green]}
  Level: {type: integer, description: A level., enum: [-1, 1]}
  Free: {type: object, description: Anything., additionalProperties: true}
  Days: {type: object, description: Days by name., additionalProperties: {type: string, format: date}}
  Leaf:
    type: object
    description: Nothing but a name, and what it hangs on.
    additionalProperties: false
    required: [name]
    properties:
      name: {type: string}
      kinds: {$ref: '#/schemas/Kinds'}
  Levels: {type: object, description: Levels by name., additionalProperties: {$ref: '#/schemas/Level'}}
  Leaves: {type: object, description: Leaves by name., additionalProperties: {$ref: '#/schemas/Leaf'}}
"""

UID, DAY, MOMENT = "0191df84-85e4-77aa-83ba-000000000001", "2024-08-22", "2024-08-22T06:24:53+00:00"
KINDS: dict[str, Any] = {
    "text": "",
    "whole": 1,
    "ratio": 0.5,
    "flag": True,
    "uid": UID,
    "day": DAY,
    "moment": MOMENT,
    "color": "red",
    "level": -1,
    "fixed": "kinds",
    "fixed_number": 1,
    "many": [[DAY], []],
    "nullable": None,
    "both": {"name": "leaf"},
    "any": None,
}
MORE: dict[str, Any] = {
    "nothing": None,
    "password": "s3cret",
    "free": {"x": [1]},
    "closed": {"name": "leaf", "unknown": 1},
    "days": {"today": DAY},
    "kids": [KINDS],
    "maybe_any": {"x": 1},
    "maybe_kids": [None, True, {"name": "leaf"}],
    "maybe_uid": UID,
    "maybe_day": None,
    "maybe_color": "mauve",
    "maybe_level": 9,
    "maybe_colors": ["green", "mauve"],
    "maybe_fixed": "two",
    "greeting": "hi",
    "parsing": "p",
    "d": "d",
    "from": "f",
    'a/b "c" \\ ~': "odd",
    "unknown": {"y": 2},
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Make a client from a copy of the spec with more schemas, whose modules can be imported."""
    folder = tmp_path_factory.mktemp("kinds")
    copy = SpecCopy(Path(shutil.copytree(SPEC.parent, folder / "openapi")))
    copy.edit("packages.yaml", "\nschemas:\n", SCHEMAS)
    more = "".join(f"      {name.lower()}: {{$ref: '#/schemas/{name}'}}\n" for name in ("Kinds", "Levels", "Leaves"))
    digests = "      digests: {$ref: '#/schemas/Digests'}\n"
    within = copy.read("packages.yaml").partition("  PackageSummary:\n")[2].partition(digests)[0] + digests
    copy.edit("packages.yaml", digests, digests + more, within)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(generate, "lint", lambda _: [])  # const and examples are for its own tests
        generate.generate(folder, copy.root)
        (folder / generate.PACKAGE).rename(folder / NAME)
        patch.syspath_prepend(folder)
        yield folder


@pytest.fixture(scope="module")
def models(folder: Path) -> ModuleType:
    """Import its models."""
    assert folder.exists()
    return importlib.import_module(f"{NAME}.models")


def test_every_kind_is_parsed_and_written(models: ModuleType) -> None:
    """Each kind becomes its Python type, and is JSON again afterwards as it was before."""
    kinds = models.Kinds.from_dict(KINDS | MORE)
    assert kinds.to_dict() == KINDS | MORE
    assert models.Kinds.from_dict(KINDS).to_dict() == KINDS
    assert kinds.uid == kinds.maybe_uid == UUID(UID)
    assert kinds.day == kinds.many[0][0] == kinds.days["today"] == datetime.date(2024, 8, 22)
    assert kinds.moment == datetime.datetime(2024, 8, 22, 6, 24, 53, tzinfo=datetime.UTC)
    assert (kinds.color, kinds.level) == (models.Color.RED, models.Level.VALUE_NEGATIVE_1)
    assert isinstance(kinds.maybe_color, models.Color)
    assert isinstance(kinds.maybe_level, models.Level)
    assert pickle.loads(pickle.dumps(kinds.maybe_level)) == kinds.maybe_level == 9  # noqa: S301 - made here
    assert isinstance(kinds.both, models.Leaf)
    assert isinstance(models.Kinds.from_dict(KINDS | {"both": MOMENT}).both, datetime.datetime)
    assert models.Kinds.from_dict(KINDS | {"both": [1]}).both == [1]
    assert isinstance(kinds.kids[0], models.Kinds)
    assert kinds.additional_properties == {"unknown": {"y": 2}}
    assert "s3cret" not in repr(kinds)
    file = models.Kinds.from_dict(KINDS | {"file": b"bytes"}).file
    assert file.payload.read() == b"bytes"
    assert models.Kinds.from_dict(KINDS).greeting is importlib.import_module(f"{NAME}.types").UNSET
    assert models.Leaves.from_dict({"x": {"name": "leaf"}})["x"].name == "leaf"
    assert models.Levels.from_dict({"x": 1})["x"] is models.Level.VALUE_1
    sent = models.Kinds.from_dict(KINDS)
    sent.file = importlib.import_module(f"{NAME}.types").File(payload=BytesIO(b""), file_name="x")
    assert sent.to_dict()["file"][0] == "x"


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("ratio", "1", "should be a number, is a string"),
        ("flag", 1, "should be a boolean, is a number"),
        ("day", "today", "should be a date, is another string"),
        ("color", 1, "should be a string, is a number"),
        ("level", True, "should be an integer, is a boolean"),
        ("fixed", "other", 'should be "kinds", is another string'),
        ("fixed_number", True, "should be 1, is a boolean"),
        ("many", [[], ["x"]], "/1/0 should be a date, is another string"),
        ("nullable", "x", "should be a UUID, is another string"),
        ("both", {}, "/name is missing"),
        ("both", [1, "x"], "/1 should be an integer, is a string"),
        ("both", 1, "should be a date with a time or an object or an array, is a number"),
        ("nothing", 1, "should be null, is a number"),
        ("file", "text", "should be bytes, is a string"),
        ("days", {"a": DAY, "b/c": 1}, "/b~1c should be a date, is a number"),
        ("kids", [KINDS, KINDS | {"text": None}], "/1/text should be a string, is null"),
        ("maybe_fixed", "three", 'should be "one" or "two", is another string'),
    ],
)
def test_every_kind_says_where_it_is_wrong(models: ModuleType, name: str, value: Any, text: str) -> None:
    """A value that is not of its kind has its place and what it should be in the error."""
    parsing = importlib.import_module(f"{NAME}.http.parsing")
    with pytest.raises(parsing.UnexpectedValue) as caught, parsing.strict():
        models.Kinds.from_dict(KINDS | {name: value})
    assert models.Kinds.from_dict(KINDS | {name: value}).to_dict() == KINDS | {name: value}
    assert str(caught.value) == f"/{name}{'' if text[0] == '/' else ' '}{text}"


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_is_missed(models: ModuleType, name: str) -> None:
    """A required property of any kind is missed."""
    parsing = importlib.import_module(f"{NAME}.http.parsing")
    others = {key: value for key, value in KINDS.items() if key != name}
    with pytest.raises(parsing.UnexpectedValue, match=f"^/{name} is missing$"), parsing.strict():
        models.Kinds.from_dict(others)
    kinds = models.Kinds.from_dict(others)
    assert getattr(kinds, "any_" if name == "any" else name) is importlib.import_module(f"{NAME}.types").UNSET
    assert kinds.to_dict() == others


@settings(deadline=None, max_examples=300)
@given(name=st.sampled_from([*KINDS, *MORE, "file"]), value=JSON | st.lists(JSON, max_size=3))
def test_any_json_in_any_kind_gives_a_model_and_comes_back(models: ModuleType, name: str, value: Any) -> None:
    """Whatever JSON stands in a property of any kind, its text comes back; a strict error tells its place."""
    parsing = importlib.import_module(f"{NAME}.http.parsing")
    error = None
    whole = KINDS | {name: value}
    assert json.dumps(models.Kinds.from_dict(whole).to_dict()) == json.dumps(whole)
    try:
        with parsing.strict():
            models.Kinds.from_dict(whole)
    except parsing.UnexpectedValue as caught:
        error = caught
    place = "/" + name.replace("~", "~0").replace("/", "~1")
    assert error is None or error.pointer.startswith(place)


def test_the_models_are_strictly_typed(folder: Path) -> None:
    """Models of every kind pass `mypy --strict`, as does what uses them; a model that is not there is seen."""
    user = folder / "user.py"
    user.write_text(
        f"import datetime\nfrom {NAME}.models import Banana, Kinds, Leaf\n"
        "kinds = Kinds.from_dict({})\n"
        "days: list[list[datetime.date]] = kinds.many\n"
        "both: datetime.datetime | Leaf | list[int] = kinds.both\n"
        "text: int = kinds.text\n",
        encoding="utf-8",
    )
    mypy = [sys.executable, "-m", "mypy", "--strict", "--no-color-output", "--no-error-summary", "--config-file="]
    finished = subprocess.run(
        [*mypy, f"--cache-dir={folder / 'cache'}", str(user), str(folder / NAME / "models")],
        cwd=folder,
        env={**os.environ, "MYPYPATH": str(folder)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    absent = f'error: Module "{NAME}.models" has no attribute "Banana"  [attr-defined]'
    wrong = 'error: Incompatible types in assignment (expression has type "str", variable has type "int")  [assignment]'
    assert finished.stdout.splitlines() == [f"user.py:2: {absent}", f"user.py:6: {wrong}"], finished.stderr
