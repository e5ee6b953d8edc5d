"""Known secrets are hidden however they are written, and short ones are no parts of words."""

import base64
import json
from urllib.parse import quote

import pytest

from buildkite_packages.http.masking import mask_text
from scripts.traffic.redaction import secrets_in, secrets_in_text, tells

SECRET = "pkgreg_v1_Zm9v+YmFy/cXV4=0123"  # noqa: S105 - made up
BASIC = base64.b64encode(f"buildkite:{SECRET}".encode()).decode()

WRITTEN = {
    "as it is": SECRET,
    "within another word": f"x{SECRET}y",
    "in JSON": json.dumps({"token": SECRET}),
    "in an address": f"https://x/?token={quote(SECRET, safe='')}&a=b",
    "in an address in small letters": f"https://x/?token={quote(SECRET, safe='').lower().replace('zm9v', 'Zm9v')}",
    "in basic authentication": f"Basic {BASIC}",
    "in basic authentication of another user": base64.b64encode(f"me2:{SECRET}".encode()).decode(),
    "in basic authentication of a third user": base64.b64encode(f"me:{SECRET}".encode()).decode(),
    "cut short": f'"token": "{SECRET[:20]}...',
    "at the end of what is cut short": f'"token": "{SECRET[:14]}',
}


@pytest.mark.parametrize("name", [name for name in WRITTEN if "small" not in name])
def test_a_secret_is_hidden_however_it_is_written(name: str) -> None:
    """Neither the secret, nor half of it, nor its base64 is left of a text."""
    shown = mask_text(WRITTEN[name], {SECRET})
    assert "****" in shown
    for part in (SECRET, SECRET[:14], quote(SECRET, safe=""), BASIC, SECRET[-10:]):
        assert part not in shown


@pytest.mark.parametrize(
    "text", ["emulator@example.com", "emulators", "my-emulator", "buildkite_emulator", "x.emulator.y"]
)
def test_a_short_secret_is_no_part_of_a_word(text: str) -> None:
    """A token that is a word neither hides nor finds other words that it is in."""
    assert mask_text(text, {"emulator"}) == text
    assert not tells(json.dumps({"email": text}), "emulator")
    assert not tells(f"The emulator sent {text}.", "emulator")


@pytest.mark.parametrize(
    "text",
    [
        '{"token": "emulator"}',
        "Authorization: Bearer emulator",
        "https://x/?token=emulator&a=b",
        "https://buildkite:emulator@x/",
        "Basic " + base64.b64encode(b"buildkite:emulator").decode(),
    ],
)
def test_a_short_secret_is_hidden_where_it_stands_alone(text: str) -> None:
    """A token that is a word is hidden and found as a whole value."""
    assert "emulator" not in mask_text(text, {"emulator"})
    assert "****" in mask_text(text, {"emulator"})
    assert tells(text, "emulator")


def test_secrets_of_an_answer_are_found_at_any_depth() -> None:
    """Texts in properties that are called like a credential are secrets, also where the JSON is damaged."""
    answer = {"a": [{"token": "one-secret-1"}], "secrets": ["two-secret-2"], "password": {"name": "no"}, "x": "no"}
    assert set(secrets_in(answer)) == {"one-secret-1", "two-secret-2"}
    assert list(secrets_in_text('{"id": "a", "token": "cut-sh')) == ["cut-sh"]
    deep: object = "x"
    for _ in range(100_000):
        deep = [deep]
    assert list(secrets_in(deep)) == []
