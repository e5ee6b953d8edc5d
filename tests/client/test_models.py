"""The models: what they make of JSON, whatever it is, and what they cost."""

import copy
import importlib
import itertools
import json
import pickle
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from http import HTTPStatus
from typing import Any
from uuid import UUID

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from buildkite_packages import models
from buildkite_packages.http.parsing import UnexpectedValue, strict
from buildkite_packages.models import (
    Digests,
    OidcMatchers,
    OidcPolicyStatement,
    OidcScope,
    PackageList,
    PackageSummary,
    RateLimitError,
    Registry,
    RegistryTokenWithSecret,
)
from buildkite_packages.types import UNSET, Response, Unset
from scripts.servers.api import SPEC
from scripts.spec.lint import named_examples

MODELS = {name: getattr(models, name) for name in models.__all__ if hasattr(getattr(models, name), "from_dict")}
PREFIX = "#/components/schemas/"
EXAMPLES = [
    (schema["$ref"].removeprefix(PREFIX), value)
    for _, value, schema in named_examples(SPEC.document)
    if schema.get("$ref", "").removeprefix(PREFIX) in MODELS and "file" not in value
]
"""Names of models, and JSON of each, from the spec's examples."""

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()) | st.datetimes().map(str),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=8,
)

ID = "0191df84-85e4-77aa-83ba-000000000001"
SUMMARY: dict[str, Any] = {
    "id": ID,
    "url": "https://api.example/1",
    "web_url": "https://example/1",
    "name": "banana",
    "created_at": "2024-08-22T06:24:53Z",
    "version": None,
}
LINKS = {"self": "https://api.example/?page=1"}


def nodes(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yield the path of each value in a JSON document, its own included."""
    yield path
    for key, child in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from nodes(child, (*path, key))


def replaced(value: Any, path: tuple[str | int, ...], new: Any) -> Any:
    """Copy a JSON document with another value at a path."""
    if not path:
        return new
    changed = copy.copy(value)
    changed[path[0]] = replaced(value[path[0]], path[1:], new)
    return changed


def holds(value: Any, pointer: str) -> bool:
    """Say whether a JSON document has something at a pointer, or an object that might have had."""
    *above, last = [token.replace("~1", "/").replace("~0", "~") for token in pointer.split("/")[1:]] or [""]
    for token in above:
        value = value[int(token)] if isinstance(value, list) else value[token]
    return not pointer or isinstance(value, dict) or int(last) < len(value)


def failure(name: str, value: Any) -> UnexpectedValue | None:
    """Make a model from JSON that has to be as promised; returns what was unexpected."""
    try:
        with strict():
            MODELS[name].from_dict(value)
    except UnexpectedValue as error:
        return error
    return None


@settings(deadline=None, max_examples=300)
@given(name=st.sampled_from(sorted(MODELS)), value=JSON)
def test_any_object_gives_a_model_and_comes_back(name: str, value: Any) -> None:
    """Whatever an object holds, it becomes a model that gives the same text back; anything else is unexpected."""
    if isinstance(value, dict):
        assert json.dumps(MODELS[name].from_dict(value).to_dict()) == json.dumps(value)
    else:
        with pytest.raises(UnexpectedValue, match=r"^the document should be an object"):
            MODELS[name].from_dict(value)
    error = failure(name, value)
    assert error is None or holds(value, error.pointer)


@settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(example=st.sampled_from(EXAMPLES), new=JSON, data=st.data())
def test_an_example_with_any_change_gives_a_model_or_its_place(
    example: tuple[str, Any], new: Any, data: st.DataObject
) -> None:
    """Where one value of a good document is replaced, the model gives it back, and a strict error leads to it."""
    name, value = example
    path = data.draw(st.sampled_from(sorted(nodes(value), key=str)))
    changed = replaced(value, path, new)
    if isinstance(changed, dict):
        assert json.dumps(MODELS[name].from_dict(changed).to_dict()) == json.dumps(changed)
    error = failure(name, changed)
    if error is not None:
        place = "".join(f"/{token}" for token in path)
        assert error.pointer == place or error.pointer.startswith(f"{place}/")
        assert holds(changed, error.pointer)


@pytest.mark.parametrize(("name", "value"), EXAMPLES)
def test_the_examples_of_the_spec_come_back(name: str, value: Any) -> None:
    """A model of an example is as promised, gives the same text again, and that a model equal to it."""
    assert failure(name, value) is None
    model = MODELS[name].from_dict(value)
    written = model.to_dict()
    assert json.dumps(written) == json.dumps(value)
    assert MODELS[name].from_dict(written) == model
    fresh = attrs.evolve(model)  # without what it was read from
    fresh.additional_properties = model.additional_properties
    assert fresh.to_dict() == value


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"items": None}, "/items should be an array, is null"),
        ({"links": {}}, "/links/self is missing"),
        ({"items": [SUMMARY, SUMMARY | {"id": None}]}, "/items/1/id should be a UUID, is null"),
        ({"items": [SUMMARY | {"id": "z" * 36}]}, "/items/0/id should be a UUID, is another string"),
        ({"items": [SUMMARY | {"id": ID.replace("-", "")}]}, "/items/0/id should be a UUID, is another string"),
        ({"items": [SUMMARY | {"version": True}]}, "/items/0/version should be a string, is a boolean"),
        ({"items": [SUMMARY | {"digests": {"sha256": []}}]}, "/items/0/digests/sha256 should be a string, is an array"),
        (
            {"items": [SUMMARY | {"created_at": "yesterday"}]},
            "/items/0/created_at should be a date with a time, is another string",
        ),
    ],
)
def test_the_error_says_where_and_what(change: dict[str, Any], text: str) -> None:
    """Where all has to be as promised, the error names the place, what should be there and the type of what is."""
    with pytest.raises(UnexpectedValue) as caught, strict():
        PackageList.from_dict({"items": [], "links": LINKS, **change})
    assert str(caught.value) == text
    assert text == f"{caught.value.pointer} {caught.value.reason}"
    again = pickle.loads(pickle.dumps(caught.value))  # noqa: S301 - made here
    assert (str(again), again.expected) == (text, caught.value.expected)


def test_the_error_does_not_tell_the_value() -> None:
    """A value that is not as promised may be a secret: it is neither in the text nor among the arguments."""
    secret = "bkpr_secret"  # noqa: S105 - looked for in the error
    name, value = next(each for each in EXAMPLES if each[0] == "RegistryTokenWithSecret")
    for change in ({"token": [secret]}, {"token": {secret: 1}}, {"id": secret}, {"created_at": secret}):
        with pytest.raises(UnexpectedValue) as caught, strict():
            MODELS[name].from_dict(value | change)
        error = caught.value
        assert secret not in f"{error!r} {error} {vars(error)}"
        assert error.__context__ is None


def test_unknown_properties_are_kept() -> None:
    """What a newer server sends beyond the spec is there, and goes back, even where the spec allows nothing more."""
    digests = {"sha256": "0", "sha512": "0", "blake3": "1"}
    package = PackageSummary.from_dict(SUMMARY | {"digests": digests, "size": 7})
    assert package["size"] == 7
    assert isinstance(package.digests, Digests)
    assert package.digests.additional_properties == {"blake3": "1"}
    assert package.to_dict()["digests"] == digests
    for model, value in (
        (OidcMatchers, {"equals": "x", "starts_with": "y"}),
        (OidcPolicyStatement, {"iss": "https://x.example", "scopes": ["read_packages"], "until": 5}),
    ):
        kept = model.from_dict(value)
        assert len(kept.additional_keys) == 1
        assert kept.to_dict() == value


def test_a_property_that_does_not_fit_stays_as_it_came() -> None:
    """Whatever stands in a property, or if it is missing: the others are read, and nothing is lost in a copy."""
    odd: list[Any] = [None, 5, True, "text", [], [{}], {"x": 1}]
    source = copy.deepcopy(SUMMARY)
    assert PackageSummary.from_dict(source).variant is UNSET
    assert source == SUMMARY
    for name in SUMMARY:
        missing = PackageSummary.from_dict({key: value for key, value in SUMMARY.items() if key != name})
        assert getattr(missing, name) is UNSET
        assert name not in missing.to_dict()
        assert missing == copy.deepcopy(missing) == pickle.loads(pickle.dumps(missing))  # noqa: S301 - made here
    for name, value in itertools.product([*SUMMARY, "variant", "digests"], odd):
        package = PackageSummary.from_dict(SUMMARY | {name: value})
        assert package.id == UUID(ID) or name == "id"
        for same in (package, copy.copy(package), copy.deepcopy(package), pickle.loads(pickle.dumps(package))):  # noqa: S301
            assert json.dumps(same.to_dict()) == json.dumps(SUMMARY | {name: value})
            assert same == package
            assert repr(same) == repr(package)
    assert PackageSummary.from_dict(SUMMARY | {"created_at": None}).created_at is None
    page = PackageList.from_dict({"items": [SUMMARY, None, [SUMMARY], SUMMARY | {"id": 5}], "links": None})
    assert [type(each) for each in page.items] == [PackageSummary, type(None), list, PackageSummary]
    assert page.links is None
    assert OidcMatchers.from_dict({"in": [1, None], "matches": ["*", 5]}).to_dict() == {
        "in": [1, None],
        "matches": ["*", 5],
    }


MOMENT = datetime(2025, 7, 16, 6, 7, 42, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2025-07-16 06:07:42 UTC", MOMENT),
        ("2025-07-16T06:07:42 utc", MOMENT),
        ("2025-07-16T06:07:42z", MOMENT),
        ("2025-07-16 06:07:42 +0000", MOMENT),
        ("2025-07-16 08:07:42 +0200", MOMENT),
        ("2025-07-16 06:07:42 +0000 UTC", MOMENT),
        ("20250716T060742Z", MOMENT),
        ("2025-07-16T06:07:42.123456789Z", MOMENT.replace(microsecond=123456)),
        ("2025-07-16T06:07:42.983000+00:00", MOMENT.replace(microsecond=983000)),
        ("2025-07-16T06:07:42", MOMENT),
        ("2025-07-16", MOMENT.replace(hour=0, minute=0, second=0)),
        ("Wed, 16 Jul 2025 06:07:42 GMT", MOMENT),
        ("16 Jul 2025 08:07 +0200", MOMENT.replace(second=0)),
        ("Wed, 16 Jul 2025 06:07:42 -0000", MOMENT),
        ("0001-01-01T00:00:00+23:59", datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=23, minutes=59)))),
    ],
)
def test_a_time_in_any_usual_form_is_one(text: str, moment: datetime) -> None:
    """A time in a form of ISO 8601, RFC 2822, Ruby or Go is read, as UTC where it does not say, and comes back."""
    package = PackageSummary.from_dict(SUMMARY | {"created_at": text})
    assert package.created_at == moment
    assert package.created_at.utcoffset() == moment.utcoffset() or package.created_at.utcoffset() == timedelta(hours=2)
    assert package.to_dict()["created_at"] == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "yesterday",
        "2025-13-45T00:00:00Z",
        "Jul 16, 2025 6:07 PM",
        "Wed, 16 Jul 2025 06:07:42 pm",
        "07/16/2025",
        "1752646062",
        "UTC",
        "Wed, 16 Jul 2025 06:07:42 +" + "9" * 20,
        "2025-07-16 06:07:42 UTC" + " " * 10_000,
        "\ud800",
        "٢٠٢٥-07-16",
    ],
    ids=ascii,
)
def test_a_text_that_is_no_time_stays_one(text: str) -> None:
    """A text that is no time is kept as it came."""
    package = PackageSummary.from_dict(SUMMARY | {"created_at": text})
    kept: Any = package.created_at
    assert kept == package.to_dict()["created_at"] == text


def test_what_has_not_changed_is_written_as_it_came() -> None:
    """Text, number and order stay, also in copies; what is changed is written as the API does, and nothing else."""
    source = {
        "new": 1,
        **{name: SUMMARY[name] for name in reversed(SUMMARY)},
        "id": "0191DF84-85E4-77AA-83BA-00000000000A",
        "created_at": "Wed, 16 Jul 2025 06:07:42 GMT",
        "digests": {"sha512": "0", "newer": "1", "sha256": "0"},
    }
    text = json.dumps(source)
    package = PackageSummary.from_dict(source)
    for same in (package, copy.copy(package), copy.deepcopy(package), pickle.loads(pickle.dumps(package))):  # noqa: S301
        assert json.dumps(same.to_dict()) == text
    renamed = attrs.evolve(package, name="other").to_dict()
    assert [renamed[key] for key in ("id", "created_at", "name")] == [
        source["id"].lower(),
        "2025-07-16T06:07:42Z",
        "other",
    ]
    package["new"] = 2
    package.created_at = datetime(2025, 7, 16, 8, 7, 42, 983000, tzinfo=timezone(timedelta(hours=2)))
    package.id = UUID(ID)
    assert package.to_dict() == source | {"new": 2, "created_at": "2025-07-16T06:07:42.983Z", "id": ID}
    package.created_at = MOMENT
    package.variant = "amd64"
    assert list(package.to_dict())[-1] == "variant"
    assert package.to_dict()["created_at"] == source["created_at"]  # the same moment
    package.created_at = MOMENT + timedelta(seconds=1)
    assert package.to_dict()["created_at"] == "2025-07-16T06:07:43Z"
    registry = Registry.from_dict({"public": 1, "slug": "x"})
    registry.public = True
    assert registry.to_dict()["public"] is True
    limit = {"message": "", "scope": "rest", "limit": 1.0, "current": 2, "reset": 3}
    assert json.dumps(RateLimitError.from_dict(limit).to_dict()) == json.dumps(limit)
    statement = OidcPolicyStatement.from_dict({"iss": "x", "scopes": ["read_packages", "new"]})
    assert isinstance(statement.scopes, list)
    statement.scopes.append(OidcScope.WRITE_PACKAGES)
    assert statement.to_dict()["scopes"] == ["read_packages", "new", "write_packages"]


def test_what_does_not_fit_is_logged_once_for_each_place(caplog: pytest.LogCaptureFixture) -> None:
    """A difference is told by model, property and types, and never by a value or a name that came with it."""
    parsing = importlib.import_module("buildkite_packages.http.parsing")
    parsing._logged.clear()
    secret = "s3cret"  # noqa: S105 - looked for in what is logged
    value = {"id": [secret], secret: secret, "digests": {"sha256": None}, "created_at": secret}
    for _ in range(3):
        PackageSummary.from_dict(SUMMARY | value).to_dict()
        PackageList.from_dict({"items": [None, [secret]], "links": LINKS})
    assert [record.getMessage() for record in caplog.records] == [
        "`id` of PackageSummary should be a UUID, is an array; it is kept as it came",
        "`created_at` of PackageSummary should be a date with a time, is another string; it is kept as it came",
        "`sha256` of Digests should be a string, is null; it is kept as it came",
        "`sha512` of Digests is missing; it is kept as it came",
        "something in `items` of PackageList should be an object, is null; it is kept as it came",
    ]
    assert {(record.name, record.levelname) for record in caplog.records} == {("buildkite_packages", "WARNING")}
    assert secret not in caplog.text


def test_an_integer_is_a_number() -> None:
    """An integer passes for a number, and a number without a fraction for an integer; a boolean passes for neither."""
    assert OidcMatchers.from_dict({"equals": 1, "in": [1, 1.5]}).in_ == [1, 1.5]
    limit = {"message": "", "scope": "rest", "limit": 1.0, "current": 2, "reset": 3}
    parsed = RateLimitError.from_dict(limit).limit
    assert (parsed, type(parsed)) == (1, int)
    for wrong in (True, 1.5, float("nan"), float("inf"), "1", None):
        with pytest.raises(UnexpectedValue, match=r"^/limit should be an integer"), strict():
            RateLimitError.from_dict(limit | {"limit": wrong})


def test_an_unknown_value_of_an_enum_comes_through() -> None:
    """A scope that a newer server knows is a string that compares, copies, pickles and is written as it came."""
    value = {"iss": "https://x.example", "scopes": ["read_packages", "paint_packages"]}
    statement = OidcPolicyStatement.from_dict(value)
    assert isinstance(statement.scopes, list)
    known, unknown = statement.scopes
    assert known is OidcScope.READ_PACKAGES
    assert isinstance(unknown, OidcScope)
    assert unknown == "paint_packages"
    assert {unknown, "paint_packages"} == {"paint_packages"}
    assert f"{unknown}" == unknown.name == unknown.value == "paint_packages"
    for twin in (copy.copy(unknown), copy.deepcopy(unknown), pickle.loads(pickle.dumps(unknown))):  # noqa: S301
        assert isinstance(twin, OidcScope)
        assert twin == unknown
    assert json.loads(json.dumps(statement.to_dict())) == value
    assert "paint_packages" not in list(OidcScope)
    with pytest.raises(UnexpectedValue, match=r"^/scopes/0 should be a string, is a number$"), strict():
        OidcPolicyStatement.from_dict(value | {"scopes": [7]})
    number: Any = 7
    with pytest.raises(ValueError, match="7 is not a valid OidcScope"):
        OidcScope(number)


def test_a_secret_is_left_out_of_a_repr() -> None:
    """The secret of a registry token is in its model and in its JSON, but not in its repr."""
    value = next(value for name, value in EXAMPLES if name == "RegistryTokenWithSecret") | {"token": "s3cret"}
    token = RegistryTokenWithSecret.from_dict(value)
    assert token.token == token.to_dict()["token"] == "s3cret"  # noqa: S105
    assert "s3cret" not in repr(token)
    assert "s3cret" not in repr(Response(HTTPStatus.OK, b"s3cret", {}, token))
    for odd in (["s3cret"], {"s3cret": 1}, {"value": "s3cret"}):
        assert "s3cret" not in repr(RegistryTokenWithSecret.from_dict(value | {"token": odd}))


def test_what_a_model_was_read_from_is_hidden() -> None:
    """What attrs gives of a model has its attributes alone; a copied or pickled one still gives the same text."""
    for name, value in EXAMPLES:
        model = MODELS[name].from_dict(value | {"newer": 1})
        assert "_source" not in {each.name for each in attrs.fields(type(model))}
        assert "_source" not in repr(attrs.asdict(model)) + repr(attrs.astuple(model)) + repr(model)
        for same in (model, copy.copy(model), copy.deepcopy(model), pickle.loads(pickle.dumps(model))):  # noqa: S301
            assert json.dumps(same.to_dict()) == json.dumps(value | {"newer": 1})
    value = next(value for name, value in EXAMPLES if name == "RegistryTokenWithSecret") | {"token": "s3cret"}
    shown = attrs.asdict(RegistryTokenWithSecret.from_dict(value))
    assert shown.pop("token") == "s3cret"
    assert "s3cret" not in repr(shown)


@pytest.mark.parametrize("name", ["token", "accessToken", "client_secret", "Password", "api-key", "private_key"])
def test_a_new_property_that_may_be_a_secret_is_left_out_of_a_repr(name: str) -> None:
    """An unknown property whose name is that of a credential is kept, and its text is not shown, at any depth."""
    for odd in ({name: "s3cret"}, {name: ["s3cret"]}, {"new": [{name: {"value": "s3cret"}}]}):
        package = PackageSummary.from_dict(SUMMARY | odd)
        assert package.to_dict() == SUMMARY | odd
        assert "s3cret" not in repr(package)
        assert name in repr(package)
    assert "'tokens': 5, 'new': 'shown'" in repr(PackageSummary.from_dict(SUMMARY | {"tokens": 5, "new": "shown"}))


def test_unset_is_one_object() -> None:
    """However UNSET is copied, pickled or made, it is the same object; it is false, and its repr is its name."""
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        assert pickle.loads(pickle.dumps(UNSET, protocol)) is UNSET  # noqa: S301 - made here
    assert copy.copy(UNSET) is copy.deepcopy(UNSET) is Unset() is UNSET
    assert not UNSET
    assert repr(UNSET) == "UNSET"
    package = PackageSummary.from_dict(SUMMARY)
    assert pickle.loads(pickle.dumps(package)) == copy.deepcopy(package) == package  # noqa: S301 - made here


@pytest.mark.slow
def test_a_model_is_loaded_when_it_is_used() -> None:
    """Importing the models loads none of them; using one loads it and what it refers to, under all its names."""
    script = (
        "import sys, buildkite_packages.models as models\n"
        "def loaded(): return sorted(name[26:] for name in sys.modules if name.startswith(models.__name__ + '.'))\n"
        "print(loaded())\n"
        "assert set(models.__all__) <= set(dir(models))\n"
        "from buildkite_packages.models import PackageList\n"
        "print(loaded())\n"
        "assert models.PackageList is PackageList is vars(models)['PackageList']\n"
        "from buildkite_packages.models import package_list\n"
        "assert package_list.PackageList is PackageList\n"
        "try: models.Banana\n"
        "except AttributeError as error: print(error)\n"
    )
    finished = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    before, after, complaint = finished.stdout.splitlines()
    assert before == "[]"
    assert after == "['digests', 'package_list', 'package_summary', 'page_links']"
    assert complaint == "module 'buildkite_packages.models' has no attribute 'Banana'"


@pytest.mark.slow
def test_every_model_can_be_imported_first() -> None:
    """In a new interpreter, whichever module of a model is imported first finds those that it refers to."""
    script = (
        "import sys, importlib\n"
        "for name in sys.argv[1:]:\n"
        "    for each in [each for each in sys.modules if each.startswith('buildkite_packages.models.')]:\n"
        "        del sys.modules[each]\n"
        "    importlib.import_module('buildkite_packages.models.' + name)\n"
    )
    modules = sorted(MODELS[name].__module__.rpartition(".")[2] for name in MODELS)
    subprocess.run([sys.executable, "-c", script, *modules], check=True)
