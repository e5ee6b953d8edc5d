"""JSON that is nested too deeply is refused at the same depth with every version of Python."""

import copy
import json
import pickle

import pytest

from buildkite_packages.cli.parameters import Json, Text
from buildkite_packages.http.parsing import DEEPEST, NestedTooDeeply, read_json

BRACKETS = [("[", "]"), ('{"a":', "}"), ('[1, {"a": "]", "b":', "}]")]


def nested(depth: int, opening: str = "[", closing: str = "]") -> str:
    """Write JSON of a depth, which is even for brackets that come in pairs."""
    times = depth // (opening.count("[") + opening.count("{"))
    return opening * times + "1" + closing * times


@pytest.mark.parametrize("brackets", BRACKETS)
def test_json_may_be_nested_as_deep_as_the_limit(brackets: tuple[str, str]) -> None:
    """What is read can be copied, pickled, compared and printed, however deep; brackets in strings do not count."""
    text = nested(DEEPEST, *brackets)
    value = read_json(text)
    assert value == read_json(text.encode()) == copy.deepcopy(value)
    assert pickle.loads(pickle.dumps(value)) == value  # noqa: S301 - made here
    assert json.loads(json.dumps(value)) == value
    assert repr(value)
    wide = json.dumps([["[{" * DEEPEST, {}]] * 1000)
    assert read_json(wide) == json.loads(wide)


@pytest.mark.parametrize("depth", [DEEPEST + 2, 400, 1000, 5000, 100_000])
@pytest.mark.parametrize("brackets", BRACKETS)
def test_deeper_json_is_refused(brackets: tuple[str, str], depth: int) -> None:
    """One error, which is a ValueError, whether or not Python itself could read it, and whatever surrounds it."""
    text = nested(depth, *brackets)
    for each in (text, text.encode(), f'{{"x": [[], {text}]}}', text + " "):
        with pytest.raises(NestedTooDeeply, match=r"^it is nested more than 128 levels deep$"):
            read_json(each)
    with pytest.raises(NestedTooDeeply):
        read_json("[" * (DEEPEST + 1) + "]" * (DEEPEST + 1))


def test_an_argument_that_is_nested_too_deeply() -> None:
    """On the command line, such JSON is a mistake that is explained, and a text where a text may stand."""
    with pytest.raises(Exception, match=r"^is no JSON: it is nested more than 128 levels deep$"):
        Json().convert(nested(5000), None, None)
    assert Text().convert(nested(5000), None, None) == nested(5000)
