"""The clean-up: it removes what a ledger lists, and nothing that it does not."""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from buildkite_emulator.spec import Spec
from buildkite_emulator.testing import RunningEmulator
from scripts.contract.live import __main__ as live
from scripts.contract.live import cleanup_command as clean
from scripts.contract.live.cleanup import Outcome
from scripts.contract.live.ledger import Ledger
from scripts.contract.live.lock import locked
from scripts.contract.live.settings import BadLiveSetting, LiveSettings, read_settings

pytestmark = pytest.mark.slow

RUN = "abcdefghjk"
PREFIX = f"contract-{RUN}-1"
ENVIRONMENT = {"BUILDKITE_API_TOKEN": "a-token", "BUILDKITE_ORGANIZATION_SLUG": "my-org"}


class Place:
    """An emulator, and the ledger of a run against it.

    Args:
        emulator: the emulator.
        folder: for the reports.
    """

    def __init__(self, emulator: RunningEmulator, folder: Path) -> None:
        self.emulator = emulator
        self.settings = LiveSettings(
            emulator.url, emulator.organization, emulator.token, writes=True, settled=0.3, reports=folder
        )
        self.path = self.settings.folder / f"{RUN}.ledger"
        self.ledger = Ledger.begin(
            self.path, run_id=RUN, endpoint=emulator.url, organization=emulator.organization, seed=1
        )
        self.client = httpx.Client(
            base_url=f"{emulator.url}/v2/packages/organizations/{emulator.organization}/",
            headers={"Authorization": f"Bearer {emulator.token}"},
        )

    def make(self, name: str) -> dict[str, Any]:
        """Create a registry, of which the ledger is not told."""
        made: dict[str, Any] = self.client.post("registries", json={"name": name, "ecosystem": "files"}).json()
        return made

    @property
    def names(self) -> list[str]:
        """Names of the registries that there are."""
        return sorted(each["name"] for each in self.client.get("registries").json())

    def clean(self) -> Outcome:
        """Clean up after the run."""
        return clean.clean(self.settings, self.path)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """Give an emulator and a ledger of nothing."""
    with RunningEmulator(rate_limit=(100_000, 100_000)) as emulator:
        made = Place(emulator, tmp_path)
        with made.client:
            yield made


def test_only_what_the_ledger_lists_is_removed(place: Place) -> None:
    """A registry whose name begins alike stays; so does one of the ledger's name but another ID, and that is told."""
    mine = place.make(f"{PREFIX} a")
    key = place.ledger.making_registry(mine["name"], mine["slug"])
    place.ledger.made(key, mine["id"], mine["slug"])
    unanswered = place.make(f"{PREFIX} b")
    place.ledger.making_registry(unanswered["name"], "another-slug-than-expected")
    place.make(f"{PREFIX} bb")
    place.make(PREFIX)
    others = place.make(f"{PREFIX} c")
    place.ledger.made(place.ledger.making_registry(others["name"], others["slug"]), "another-id", others["slug"])
    never = place.ledger.making_registry(f"{PREFIX} never", "never")
    outcome = place.clean()
    assert outcome.removed == [repr(f"{PREFIX} a"), repr(f"{PREFIX} b")]
    assert outcome.gone == [repr(f"{PREFIX} never")]
    assert outcome.failed == {}
    assert list(outcome.foreign) == [repr(f"{PREFIX} c")]
    assert f"its id is '{others['id']}', not 'another-id'" in outcome.foreign[repr(f"{PREFIX} c")]
    assert place.names == [PREFIX, f"{PREFIX} bb", f"{PREFIX} c"]
    assert not place.ledger.is_clean
    assert not place.ledger.things[never].is_gone
    assert str(outcome).startswith("removed 2 registries\n")


def line(event: str, **values: Any) -> str:
    """Write a line of a ledger."""
    return json.dumps({"event": event, **values})


def damaged(mine: Mapping[str, Any], foreign: Mapping[str, Any]) -> Mapping[str, tuple[Callable[[str], str], str]]:
    """Give ways to alter the text of a ledger that lists a registry, and what a clean-up says of each."""

    def after(*lines: str) -> Callable[[str], str]:
        return lambda text: text + "".join(f"{each}\n" for each in lines)

    def first(**values: Any) -> Callable[[str], str]:
        def change(text: str) -> str:
            head, _, rest = text.partition("\n")
            return f"{json.dumps({**json.loads(head), **values})}\n{rest}"

        return change

    def named(name: str) -> Callable[[str], str]:
        return after(
            line("making", key="x", kind="registry", name=name, at=0.0),
            line("made", key="x", id=foreign["id"], slug=foreign["slug"]),
        )

    whole_id, whole_slug = mine["id"], mine["slug"]
    return {
        "another's id": (lambda text: text.replace(whole_id, foreign["id"]), foreign["name"]),
        "another's slug": (
            lambda text: text.replace(f'"slug": "{whole_slug}"', f'"slug": "{foreign["slug"]}"'),
            foreign["slug"],
        ),
        "another's id and slug": (
            lambda text: text.replace(whole_id, foreign["id"]).replace(whole_slug, foreign["slug"]),
            foreign["slug"],
        ),
        "another's registry": (named(foreign["name"]), foreign["name"]),
        "another's registry under a name of the run": (named(f"{PREFIX} z"), foreign["slug"]),
        "another's registry under a name that begins alike": (named(f"contract-{RUN}4-1 x"), f"contract-{RUN}4-1 x"),
        "another run's header": (first(run_id="zzzzzzzzzz"), "zzzzzzzzzz"),
        "a header that is no run's": (first(run_id="production"), "production"),
        "a header without an organization": (first(organization=None), "organization"),
        "a run's ID that is no text": (first(run_id=7), "does not begin with the line of a run"),
        "no header": (lambda text: text.partition("\n")[2], "does not begin with the line of a run"),
        "a second header": (after(line("run", run_id=RUN)), "line 4"),
        "no JSON": (after("banana"), "line 4 is no JSON"),
        "bytes that are no text": (after("\udcff\udcfe"), "line 4 is no JSON"),
        "deep JSON": (after("[" * 100_000), "line 4 is no JSON"),
        "a list": (after("[1, 2]"), "line 4 is no JSON object"),
        "null": (after("null"), "line 4 is no JSON object"),
        "no event": (after("{}"), "line 4 has no event"),
        "an event that is a list": (after(line([])), "line 4 has no event"),  # type: ignore[arg-type]
        "an event that nobody knows": (after(line("deleted", key="x")), "line 4 has no event"),
        "no key": (after(line("made", id=foreign["id"], slug=None)), "line 4 has no key"),
        "a key that is a list": (after(line("gone", key=[1])), "line 4 has no key"),
        "a key that no line has": (after(line("made", key="x", id=None, slug=None)), "line 4 is of a key"),
        "a slug that is a number": (after(line("renamed", key="x", slug=7)), "line 4 has no slug"),
        "a name that is null": (after(line("making", key="x", kind="registry", name=None, at=0)), "line 4 has no name"),
        "a time that is a text": (after(line("making", key="x", kind="package", at="x")), "line 4 has no at"),
        "a time that is no number": (
            after('{"event": "making", "key": "x", "kind": "registry", "name": "x", "at": NaN}'), "line 4 has no at"
        ),
    }  # fmt: skip


DAMAGES = damaged({"id": "a", "slug": "b"}, {"id": "c", "slug": "d", "name": "e"})


@pytest.mark.parametrize("name", DAMAGES)
def test_a_ledger_that_was_altered_opens_nothing(
    place: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    """What a line lists that is not the run's own stays, is told, and the status is not 0; no ledger is a traceback."""
    mine, foreign = place.make(f"{PREFIX} a"), place.make("production gems")
    key = place.ledger.making_registry(mine["name"], mine["slug"])
    place.ledger.made(key, mine["id"], mine["slug"])
    change, told = damaged(mine, foreign)[name]
    place.path.write_text(change(place.path.read_text()), errors="surrogateescape")
    monkeypatch.setenv("BUILDKITE_ORGANIZATION_SLUG", place.emulator.organization)
    monkeypatch.setenv("BUILDKITE_REST_API_ENDPOINT", place.emulator.url)
    monkeypatch.setenv("BUILDKITE_API_TOKEN", place.emulator.token)
    monkeypatch.setenv("RESULTS", str(place.settings.reports))
    monkeypatch.setenv("SETTLED", "0.1")
    assert clean.main() == 2
    shown = capsys.readouterr()
    assert told in shown.out
    assert "Traceback" not in shown.out + shown.err
    assert foreign["name"] in place.names
    assert clean.main() == 2


def test_nothing_that_existed_before_a_run_is_removed(place: Place) -> None:
    """What the ledger says was there before the run stays, even where it has the run's prefix."""
    mine = place.make(f"{PREFIX} a")
    place.ledger.existed([mine["id"].upper()])
    place.ledger.made(place.ledger.making_registry(mine["name"], mine["slug"]), mine["id"], mine["slug"])
    outcome = place.clean()
    assert outcome.removed == []
    assert "existed before the run" in outcome.foreign[repr(mine["name"])]
    assert place.names == [mine["name"]]


def test_a_name_that_another_registry_has_by_now_confuses_nothing(place: Place) -> None:
    """A registry that took the name of a renamed one is told from it, and both are removed."""
    mine = place.make(f"{PREFIX} a")
    key = place.ledger.making_registry(mine["name"], mine["slug"])
    place.ledger.made(key, mine["id"], mine["slug"])
    place.ledger.renaming(key, f"{PREFIX} b")
    place.client.post(f"registries/{mine['slug']}", json={"name": f"{PREFIX} b"})
    place.ledger.renamed(key, f"{PREFIX}-b")
    other = place.make(f"{PREFIX} a")
    place.ledger.making_registry(other["name"], other["slug"])
    assert place.clean().removed == [repr(f"{PREFIX} a"), repr(f"{PREFIX} b")]
    assert place.names == []


def test_a_registry_that_was_renamed_is_removed(place: Place) -> None:
    """Whether or not the answer to a rename was seen, the registry is found by its ID."""
    mine = place.make(f"{PREFIX} a")
    key = place.ledger.making_registry(mine["name"], mine["slug"])
    place.ledger.made(key, mine["id"], mine["slug"])
    place.ledger.renaming(key, f"{PREFIX} b")
    place.client.post(f"registries/{mine['slug']}", json={"name": f"{PREFIX} b"})
    assert place.clean().removed == [repr(f"{PREFIX} b")]
    assert place.names == []


def test_a_delete_that_did_nothing_is_noticed(place: Place) -> None:
    """What the API calls deleted, but still lists, is deleted again."""
    mine = place.make(f"{PREFIX} a")
    key = place.ledger.making_registry(mine["name"], mine["slug"])
    place.ledger.made(key, mine["id"], mine["slug"])
    place.ledger.gone(key)
    assert place.clean().removed == [repr(f"{PREFIX} a")]
    assert place.names == []


@pytest.mark.parametrize(
    "fault",
    [{"status": 503}, {"status": 429, "reset": 1}, {"cut": "before"}, {"cut": "after"}, {"status": 500}],
    ids=str,
)
def test_troubles_are_got_over(place: Place, fault: dict[str, Any]) -> None:
    """An API that fails now and then is asked again, until nothing is left."""
    for letter in "ab":
        mine = place.make(f"{PREFIX} {letter}")
        place.ledger.made(place.ledger.making_registry(mine["name"], mine["slug"]), mine["id"], mine["slug"])
    place.emulator.fault(operation="delete_registry", times=2, **fault)
    assert len(place.clean().removed) == 2
    assert place.names == []
    assert place.clean().failed == {}


def test_what_cannot_be_removed_is_told(
    place: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A token without the scope ends it with status 2, and the next clean-up with a better one does the rest."""
    mine = place.make(f"{PREFIX} a")
    place.ledger.made(place.ledger.making_registry(mine["name"], mine["slug"]), mine["id"], mine["slug"])
    monkeypatch.setenv("BUILDKITE_ORGANIZATION_SLUG", place.emulator.organization)
    monkeypatch.setenv("BUILDKITE_REST_API_ENDPOINT", place.emulator.url)
    monkeypatch.setenv("RESULTS", str(place.settings.reports))
    monkeypatch.setenv("BUILDKITE_API_TOKEN", place.emulator.token_with("read_registries"))
    assert clean.main() == 2
    assert (
        f"could not remove '{PREFIX} a': the API answers 403; the token needs delete_registries"
        in capsys.readouterr().out
    )
    monkeypatch.setenv("BUILDKITE_API_TOKEN", "nobody-knows-it")
    assert clean.main() == 2
    assert "the registries cannot be listed, as the API answers 401" in capsys.readouterr().out
    monkeypatch.setenv("BUILDKITE_API_TOKEN", place.emulator.token)
    assert clean.main() == 0
    assert "nothing of any run is left" in capsys.readouterr().out
    assert place.names == []


def test_another_organizations_ledger_is_left_alone(
    place: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A token is sent to the address in the environment, never to one that a file names."""
    place.ledger.making_registry(f"{PREFIX} a", "slug")
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("BUILDKITE_REST_API_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("RESULTS", str(place.settings.reports))
    assert clean.main() == 2
    assert f"is of a run against {place.emulator.organization} at {place.emulator.url}" in capsys.readouterr().out
    assert place.emulator.requests == []


def test_nothing_is_removed_while_a_run_is_under_way(
    place: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither a clean-up nor a second run begins before a run has ended."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("RESULTS", str(place.settings.reports))
    with locked(place.settings.folder / "lock"):
        assert clean.main() == 2
        assert live.main() == 2
    errors = capsys.readouterr().err
    assert f"a run or another clean-up is under way, as process {os.getpid()} holds" in errors
    assert f"another run or a clean-up is under way, as process {os.getpid()} holds" in errors


WRONG = {
    "an empty token": ({"BUILDKITE_API_TOKEN": ""}, "BUILDKITE_API_TOKEN is set and empty"),
    "an empty organization": ({"BUILDKITE_ORGANIZATION_SLUG": ""}, "BUILDKITE_ORGANIZATION_SLUG is set and empty"),
    "an empty address": ({"BUILDKITE_REST_API_ENDPOINT": ""}, "BUILDKITE_REST_API_ENDPOINT is set and empty"),
    "a blank address": ({"BUILDKITE_REST_API_ENDPOINT": " \n"}, "BUILDKITE_REST_API_ENDPOINT is set and empty"),
    "an empty single token": (
        {"BUILDKITE_API_TOKEN_READ_PACKAGES": ""}, "BUILDKITE_API_TOKEN_READ_PACKAGES is set and empty"
    ),
    "an empty switch": ({"WRITE": ""}, "WRITE is set and empty"),
    "an empty rate": ({"RATE": ""}, "RATE is set and empty"),
    "an empty choice": ({"RESUME": ""}, "RESUME is set and empty"),
    "no units": ({"ONLY": ""}, "ONLY is set and empty"),
    "a token of two lines": ({"BUILDKITE_API_TOKEN": "a\nb"}, "BUILDKITE_API_TOKEN "),
    "an organization that is a path": ({"BUILDKITE_ORGANIZATION_SLUG": "my-org/x"}, "should be a slug"),
    "plain http": ({"BUILDKITE_REST_API_ENDPOINT": "http://api.buildkite.com"}, "plain http would show the token"),
    "no address": ({"BUILDKITE_REST_API_ENDPOINT": "api"}, "should be the address of the API"),
    "an address with a path": ({"BUILDKITE_REST_API_ENDPOINT": "https://proxy.internal/x"}, "should have no path"),
    "no rate": ({"RATE": "0"}, "RATE is '0'; it should be a number above 0"),
    "no switch": ({"WRITE": "yes"}, "WRITE is 'yes'; it should be 1 or 0"),
    "no seed": ({"SEED": "x"}, "SEED is 'x'; it should be a whole number"),
    "a bad single token": ({"BUILDKITE_API_TOKEN_READ_PACKAGES": "a b"}, "BUILDKITE_API_TOKEN_READ_PACKAGES "),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_a_setting_that_cannot_be_right_is_named(name: str) -> None:
    """What is missing or wrong is said in a sentence, before anything is sent."""
    changed, told = WRONG[name]
    with pytest.raises(BadLiveSetting) as error:
        read_settings({**ENVIRONMENT, **changed})
    assert told in str(error.value)
    assert "a-token" not in str(error.value)


@pytest.mark.parametrize(
    ("environment", "told"),
    [
        ({}, "BUILDKITE_API_TOKEN and BUILDKITE_ORGANIZATION_SLUG are missing"),
        ({"BUILDKITE_ORGANIZATION_SLUG": "my-org"}, "BUILDKITE_API_TOKEN is missing"),
    ],
)
def test_a_setting_that_is_missing_is_named(environment: dict[str, str], told: str) -> None:
    """What is not set at all is named."""
    with pytest.raises(BadLiveSetting) as error:
        read_settings(environment)
    assert told in str(error.value)


def test_what_is_not_set_is_as_documented() -> None:
    """A live run reads the service itself at 40 requests a minute, unless it is told otherwise."""
    settings = read_settings({**ENVIRONMENT, "BUILDKITE_API_TOKEN_READ_PACKAGES": "one-scope"})
    assert (settings.endpoint, settings.writes, settings.per_minute) == (
        Spec.load().document["servers"][0]["url"],
        False,
        40,
    )
    assert settings.scoped == {frozenset({"read_packages"}): "one-scope"}
    assert "token" not in repr(settings).replace("tokens", "")


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"BUILDKITE_API_TOKEN": "nobody-knows-it"}, "does not know the token in BUILDKITE_API_TOKEN"),
        ({"BUILDKITE_API_TOKEN": ""}, "may not list the registries of my-org"),
        ({"BUILDKITE_ORGANIZATION_SLUG": "other"}, "there is no organization other"),
        ({"BUILDKITE_REST_API_ENDPOINT": "http://127.0.0.1:9"}, "http://127.0.0.1:9 cannot be reached: ConnectError"),
    ],
    ids=["unknown token", "scope missing", "no organization", "unreachable"],
)
def test_a_run_that_cannot_begin_says_why(
    place: Place,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    changed: dict[str, str],
    told: str,
) -> None:
    """A probe tells what is wrong with token, organization or address, with status 2 and nothing written."""
    environment = {
        "BUILDKITE_API_TOKEN": place.emulator.token,
        "BUILDKITE_ORGANIZATION_SLUG": place.emulator.organization,
        "BUILDKITE_REST_API_ENDPOINT": place.emulator.url,
        "RESULTS": str(place.settings.reports / "other"),
        **changed,
    }
    environment["BUILDKITE_API_TOKEN"] = environment["BUILDKITE_API_TOKEN"] or place.emulator.token_with(
        "read_packages"
    )
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert live.main() == 2
    assert told in capsys.readouterr().err
    assert not list((place.settings.reports / "other").rglob("*.ledger"))


def test_a_ledger_that_cannot_be_opened_keeps_no_other_from_being_cleaned_up(
    place: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A folder, a FIFO and links that are called like ledgers are told, and what the others list is removed."""
    mine = place.make(f"{PREFIX} a")
    place.ledger.made(place.ledger.making_registry(mine["name"], mine["slug"]), mine["id"], mine["slug"])
    (place.settings.folder / "aaaaaaaaaa.ledger").mkdir()
    os.mkfifo(place.settings.folder / "aaaaaaaaab.ledger")
    (place.settings.folder / "aaaaaaaaac.ledger").symlink_to(place.path)
    (place.settings.folder / "aaaaaaaaad.ledger").symlink_to("nowhere")
    monkeypatch.setenv("BUILDKITE_ORGANIZATION_SLUG", place.emulator.organization)
    monkeypatch.setenv("BUILDKITE_REST_API_ENDPOINT", place.emulator.url)
    monkeypatch.setenv("BUILDKITE_API_TOKEN", place.emulator.token)
    monkeypatch.setenv("RESULTS", str(place.settings.reports))
    assert clean.main() == 2
    told = capsys.readouterr().out
    assert [f"aaaaaaaaa{each}.ledger" in told for each in "abcd"] == [True] * 4
    assert place.names == []
