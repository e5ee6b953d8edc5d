"""The clean-up: it removes what a ledger lists, and nothing that it does not."""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from buildkite_emulator.testing import RunningEmulator
from scripts.contract.live import __main__ as live
from scripts.contract.live import cleanup_command as clean
from scripts.contract.live.cleanup import Outcome
from scripts.contract.live.ledger import Ledger
from scripts.contract.live.lock import locked
from scripts.contract.live.settings import LiveSettings

pytestmark = pytest.mark.slow

RUN = "abcdefghjk"
PREFIX = f"contract-{RUN}-1"


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

    def note(self, registry: Mapping[str, Any]) -> str:
        """Note a registry in the ledger as one that the run has made; returns its key."""
        key = self.ledger.making_registry(registry["name"], registry["slug"])
        self.ledger.made(key, registry["id"], registry["slug"])
        return key

    def main(self, command: Callable[[], int] = clean.main, **variables: str) -> int:
        """Run a command with the settings of this place; returns its exit status."""
        with pytest.MonkeyPatch.context() as patch:
            for name, value in {
                "BUILDKITE_ORGANIZATION_SLUG": self.emulator.organization,
                "BUILDKITE_REST_API_ENDPOINT": self.emulator.url,
                "BUILDKITE_API_TOKEN": self.emulator.token,
                "RESULTS": str(self.settings.reports),
                "SETTLED": "0.1",
                **variables,
            }.items():
                patch.setenv(name, value)
            return command()

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
    place.note(mine)
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


ALTERED: Mapping[str, tuple[Callable[[str, Mapping[str, Any], Mapping[str, Any]], str], str]] = {
    "another's id": (lambda text, mine, theirs: text.replace(mine["id"], theirs["id"]), "production gems"),
    "another's slug": (
        lambda text, mine, theirs: text.replace(f'"slug": "{mine["slug"]}"', f'"slug": "{theirs["slug"]}"'),
        "production-gems",
    ),
    "another's id and slug": (
        lambda text, mine, theirs: text.replace(mine["id"], theirs["id"]).replace(mine["slug"], theirs["slug"]),
        "production-gems",
    ),
    "another's registry": (lambda text, _, theirs: text + lines(theirs, theirs["name"]), "production gems"),
    "another's registry under a name of the run": (
        lambda text, _, theirs: text + lines(theirs, f"{PREFIX} z"),
        "production-gems",
    ),
    "another's registry under a name that begins alike": (
        lambda text, _, theirs: text + lines(theirs, f"contract-{RUN}4-1 x"),
        f"contract-{RUN}4-1 x",
    ),
    "another run's header": (lambda text, *_: text.replace(RUN, "zzzzzzzzzz", 1), "zzzzzzzzzz"),
    "a header that is no run's": (lambda text, *_: text.replace(RUN, "production", 1), "production"),
    "a header without an organization": (lambda text, *_: text.replace('"organization"', '"x"', 1), "organization"),
    "no header": (lambda text, *_: text.partition("\n")[2], "does not begin with the line of a run"),
    "a line that is no JSON": (lambda text, *_: f"{text}banana\n", "line 4 is no JSON"),
}
"""What becomes of the text of a ledger that lists a registry, and what a clean-up says of it."""


def lines(registry: Mapping[str, Any], name: str) -> str:
    """Write the lines of a ledger that list a registry, by another name."""
    made = {"event": "made", "key": "x", "id": registry["id"], "slug": registry["slug"]}
    return "".join(
        f"{json.dumps(each)}\n"
        for each in ({"event": "making", "key": "x", "kind": "registry", "name": name, "at": 0.0}, made)
    )


@pytest.mark.parametrize("name", ALTERED)
def test_a_ledger_that_was_altered_opens_nothing(place: Place, capsys: pytest.CaptureFixture[str], name: str) -> None:
    """What a line lists that is not the run's own stays, is told, and the status is not 0; no ledger is a traceback."""
    mine, foreign = place.make(f"{PREFIX} a"), place.make("production gems")
    place.note(mine)
    change, told = ALTERED[name]
    place.path.write_text(change(place.path.read_text(), mine, foreign))
    assert place.main() == 2
    shown = capsys.readouterr()
    assert told in shown.out
    assert "Traceback" not in shown.out + shown.err
    assert foreign["name"] in place.names
    assert place.main() == 2


def test_nothing_that_existed_before_a_run_is_removed(place: Place) -> None:
    """What the ledger says was there before the run stays, even where it has the run's prefix."""
    mine = place.make(f"{PREFIX} a")
    place.ledger.existed([mine["id"].upper()])
    place.note(mine)
    outcome = place.clean()
    assert outcome.removed == []
    assert "existed before the run" in outcome.foreign[repr(mine["name"])]
    assert place.names == [mine["name"]]


def test_a_name_that_another_registry_has_by_now_confuses_nothing(place: Place) -> None:
    """A registry that took the name of a renamed one is told from it, and both are removed."""
    mine = place.make(f"{PREFIX} a")
    key = place.note(mine)
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
    key = place.note(mine)
    place.ledger.renaming(key, f"{PREFIX} b")
    place.client.post(f"registries/{mine['slug']}", json={"name": f"{PREFIX} b"})
    assert place.clean().removed == [repr(f"{PREFIX} b")]
    assert place.names == []


def test_a_delete_that_did_nothing_is_noticed(place: Place) -> None:
    """What the API calls deleted, but still lists, is deleted again."""
    mine = place.make(f"{PREFIX} a")
    key = place.note(mine)
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
        place.note(mine)
    place.emulator.fault(operation="delete_registry", times=2, **fault)
    assert len(place.clean().removed) == 2
    assert place.names == []
    assert place.clean().failed == {}


def test_what_cannot_be_removed_is_told(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    """A token without the scope ends it with status 2, and the next clean-up with a better one does the rest."""
    mine = place.make(f"{PREFIX} a")
    place.note(mine)
    assert place.main(BUILDKITE_API_TOKEN=place.emulator.token_with("read_registries")) == 2
    assert (
        f"could not remove '{PREFIX} a': the API answers 403; the token needs delete_registries"
        in capsys.readouterr().out
    )
    assert place.main(BUILDKITE_API_TOKEN="nobody-knows-it") == 2  # noqa: S106 - of no one
    assert "the registries cannot be listed, as the API answers 401" in capsys.readouterr().out
    assert place.main() == 0
    assert "nothing of any run is left" in capsys.readouterr().out
    assert place.names == []


def test_another_organizations_ledger_is_left_alone(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    """A token is sent to the address in the environment, never to one that a file names."""
    place.ledger.making_registry(f"{PREFIX} a", "slug")
    assert place.main(BUILDKITE_REST_API_ENDPOINT="http://127.0.0.1:9") == 2
    assert f"is of a run against {place.emulator.organization} at {place.emulator.url}" in capsys.readouterr().out
    assert place.emulator.requests == []


def test_nothing_is_removed_while_a_run_is_under_way(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    """Neither a clean-up nor a second run begins before a run has ended."""
    with locked(place.settings.folder / "lock"):
        assert place.main() == 2
        assert place.main(live.main) == 2
    errors = capsys.readouterr().err
    assert f"a run or another clean-up is under way, as process {os.getpid()} holds" in errors
    assert f"another run or a clean-up is under way, as process {os.getpid()} holds" in errors


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
    place: Place, capsys: pytest.CaptureFixture[str], changed: dict[str, str], told: str
) -> None:
    """A probe tells what is wrong with token, organization or address, with status 2 and nothing written."""
    if changed.get("BUILDKITE_API_TOKEN") == "":
        changed = {"BUILDKITE_API_TOKEN": place.emulator.token_with("read_packages")}
    other = place.settings.reports / "other"
    assert place.main(live.main, **{"RESULTS": str(other), **changed}) == 2
    assert told in capsys.readouterr().err
    assert not list(other.rglob("*.ledger"))


def test_a_ledger_that_cannot_be_opened_keeps_no_other_from_being_cleaned_up(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    """A folder, a FIFO and links that are called like ledgers are told, and what the others list is removed."""
    mine = place.make(f"{PREFIX} a")
    place.note(mine)
    (place.settings.folder / "aaaaaaaaaa.ledger").mkdir()
    os.mkfifo(place.settings.folder / "aaaaaaaaab.ledger")
    (place.settings.folder / "aaaaaaaaac.ledger").symlink_to(place.path)
    (place.settings.folder / "aaaaaaaaad.ledger").symlink_to("nowhere")
    assert place.main() == 2
    told = capsys.readouterr().out
    assert [f"aaaaaaaaa{each}.ledger" in told for each in "abcd"] == [True] * 4
    assert place.names == []
