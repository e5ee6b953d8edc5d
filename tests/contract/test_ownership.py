"""Live runs against a service that lies: whatever it answers, a run changes and deletes nothing but what it made."""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from buildkite_emulator.testing import RunningEmulator
from scripts.contract.live import cleanup_command
from tests.contract.organization import REGISTRIES, SEED, Organization
from tests.support.broken_answers import BROKEN
from tests.support.lying_service import Exchange, Lie, LyingService

pytestmark = pytest.mark.slow

FOREIGN = "production-files"
UNITS = "flow registry_is_created_as_sent,flow token_is_deleted"


class Place(Organization):
    """An organization behind a service that lies.

    Args:
        emulator: has the organization.
        service: is between the emulator and a run.
        folder: for the reports.
    """

    def __init__(self, emulator: RunningEmulator, service: LyingService, folder: Path) -> None:
        super().__init__(emulator, folder, service.url, {"ONLY": UNITS})
        self.service = service
        self.registry, (self.token, *_), packages = self.foreign
        self.package = packages["items"][0]

    @property
    def foreign(self) -> Any:
        """A registry that is not the run's own, its tokens and its packages."""
        return [self.get(f"{REGISTRIES}/{FOREIGN}{end}") for end in ("", "/tokens", "/packages")]

    @property
    def findings(self) -> list[Mapping[str, Any]]:
        """The findings about what is not the run's own."""
        return [event for event in self.events if event["event"] == "finding" and event["check"] == "ownership"]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """Give an organization behind a service that tells the truth, until it is told to lie."""
    seed = tmp_path / "seed.yaml"
    seed.write_text(SEED)
    with (
        RunningEmulator(seed, rate_limit=(1_000_000, 1_000_000)) as emulator,
        LyingService(emulator.url) as service,
    ):
        yield Place(emulator, service, tmp_path)


def shows(*names: str) -> Callable[[Place], Lie]:
    """Answer with these members of the registry that is nobody's business."""
    return lambda place: lambda exchange: exchange.update(**{name: place.registry[name] for name in names})


def gives_id_of(kind: str) -> Callable[[Place], Lie]:
    """Answer with the ID of a package or a token that is nobody's business."""
    return lambda place: lambda exchange: exchange.update(id=getattr(place, kind)["id"])


def lists_foreign_as_own(_: Place) -> Lie:
    """Show the foreign registry in lists under the name of the run's own."""

    def lie(exchange: Exchange) -> None:
        names = [each["name"] for each in exchange.json if each["name"] not in SEED]
        if names:
            exchange.json = [
                {**each, "name": names[0]} if each["slug"] == FOREIGN else each
                for each in exchange.json
                if each["name"] != names[0]
            ]

    return lie


LIES: Mapping[str, tuple[str, Callable[[Place], Lie]]] = {
    "a new registry has another's id": ("create_registry", shows("id")),
    "a new registry has another's slug": ("create_registry", shows("slug")),
    "a new registry is another": ("create_registry", shows("id", "slug", "name")),
    "an update shows another": ("update_registry", shows("id", "slug", "name")),
    "a read shows another": ("get_registry", shows("id", "slug", "name")),
    "a list shows another as the run's": ("list_registries", lists_foreign_as_own),
    "a new token has another's id": ("create_registry_token", gives_id_of("token")),
    "a token is another's": ("get_registry_token", gives_id_of("token")),
    "a new package has another's id": ("publish_package", gives_id_of("package")),
}


UNITS_OF = {
    "a list shows another as the run's": "flow registry_is_created_as_sent,fuzz delete_registry",
    "a new registry is another": "flow registry_is_created_as_sent,fuzz delete_registry",
    "a new package has another's id": "flow package_is_deleted,fuzz delete_package",
    "an update shows another": "flow update_renames",
}
"""By lie, the units that meet it, where others than `UNITS` do. Some fuzz, in a process that has a guard of its own."""


@pytest.mark.parametrize("name", LIES)
def test_a_lie_leads_to_nothing_of_anybody_elses(place: Place, name: str) -> None:
    """What there was stays as it was, no write names it, and the report says what disagreed, with status 1."""
    operation, lie = LIES[name]
    place.service.lies[operation] = lie(place)
    before = place.foreign
    status = place.run(ONLY=UNITS_OF.get(name, UNITS))
    print(json.dumps(place.findings, indent=1))
    assert place.foreign == before
    writes = [path for method, path in place.service.arrived if method not in ("GET", "HEAD", "OPTIONS")]
    foreign = (FOREIGN, place.registry["id"], place.token["id"], place.package["id"])
    assert not [path for path in writes if any(identifier in path for identifier in foreign)]
    assert status == 1
    assert place.findings


BROKEN_LIVE = {
    "gzip that is none": ["flow token_is_created_with_its_secret", "fuzz get_registry_token"],
    "an endless body": ["flow token_is_created_with_its_secret"],
    "no status": ["flow token_is_created_with_its_secret", "fuzz get_registry_token"],
}
"""Of `BROKEN`, those that a live run meets in ways of its own. Connections that are cut have a test of the gateway."""


@pytest.mark.parametrize("name", BROKEN_LIVE)
def test_a_broken_answer_is_a_finding_of_a_live_run(place: Place, name: str) -> None:
    """A live run that gets broken answers reports them with status 1, goes on, and leaves nothing."""
    place.service.lies["get_registry_token"] = BROKEN[name]
    assert place.run(ONLY=",".join(BROKEN_LIVE[name])) == 1
    assert {event["unit"] for event in place.events if event["event"] == "finding"} == set(BROKEN_LIVE[name])
    assert [event["status"] for event in place.events if event["event"] == "end"] == ["complete"]
    assert place.left == []


@pytest.mark.parametrize("name", ["gzip that is none", "no JSON", "deep JSON"])
def test_a_run_whose_first_answer_cannot_be_read_reports_that(place: Place, name: str) -> None:
    """Where not even the registries can be listed nothing is written, and the report says so, with status 1."""
    place.service.lies["list_registries"] = BROKEN[name]
    assert place.run() == 1
    assert "list_registries" in (place.reports / "report.md").read_text()
    assert {method for method, _ in place.service.arrived} == {"GET"}


def after(times: int, lie: Lie) -> Lie:
    """Tell the truth for so many answers, and then lie."""
    told = iter(range(times))
    return lambda exchange: None if next(told, None) is not None else lie(exchange)


def hides(exchange: Exchange) -> None:
    """Say that there is nothing, to a read."""
    if exchange.method == "GET":
        exchange.status, exchange.body = 404, b'{"message": "No registry found"}'


LATE: Mapping[str, tuple[str, Lie]] = {
    "the second list is none": ("list_registries", after(1, BROKEN["no JSON"])),
    "the second list has a status that no list has": (
        "list_registries",
        after(1, lambda each: vars(each).update(status=418)),
    ),
    "the list of the clean-up is none": ("list_registries", after(2, BROKEN["gzip that is none"])),
    "the list of the clean-up never ends": (
        "list_registries",
        after(2, lambda each: each.headers.update(Link=f'<{each.path}>; rel="next"')),
    ),
    "a registry that is listed is not found": ("get_registry", hides),
}


@pytest.mark.parametrize("name", LATE)
def test_a_list_that_breaks_later_is_a_finding(place: Place, name: str) -> None:
    """Whether the run or its clean-up gets it, an answer that is no list is reported, with status 1."""
    operation, lie = LATE[name]
    place.service.lies[operation] = lie
    assert place.run(ONLY="flow token_is_created_with_its_secret") == 1
    told = "list_registries" if operation == "list_registries" else "a read of it is answered with 404"
    assert told in (place.reports / "report.md").read_text()
    if operation == "get_registry":
        assert "DELETE" not in {method for method, _ in place.service.arrived}
    place.service.lies = {}
    if place.left:
        assert place.run(cleanup_command.main) == 0
    assert place.left == []
