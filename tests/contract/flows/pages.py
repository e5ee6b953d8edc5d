"""Lists of packages: order, pages, the filter by name."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from scripts.contract.flows.builders import (
    PER_PAGE,
    Thing,
    built,
    in_order,
    listed,
    more_than_a_page,
    new_registry,
    path_of,
    publish,
    query_of,
    summary_of,
    thing,
    things,
)
from scripts.contract.flows.flow import flow
from scripts.contract.flows.flow_client import SPEC, Answer, FlowClient, operation_place, schema_place
from scripts.samples import packages
from tests.contract.flows.packages import JAVA_GROUP

PLACE = operation_place("list_packages")
LINKS = "#/components/headers/Link"
SIZE = PER_PAGE["default"]
FEW = 6
"""How many names are looked for in vain in a live organization, where each request takes a second or more."""
ODD_NAMES: Mapping[str, tuple[str, Sequence[str]]] = {
    "alpine": ("banana_split.x++", ("1.0.0_rc1-r3", "1.0.0")),
    "debian": ("banana-split.x++", ("1:1.0~rc1+dfsg-1.1", "1.0.0")),
    "files": ("Banana-split-2-x", ("1.0.0-RC.1+Build.5", "1.0.0", "10.20.30-a.long.pre-release.of.many.parts.0")),
    "helm": ("bana\u0301na spl\u00ed.t_x", ("1.0.0-rc.1", "1.0.0", "1.0.10", "1.0.9")),
    "java": ("banana-split_x.y", ("1.0.0-RC1", "1.0.0", "1.0.0.Final")),
    "javascript": ("@acme/banana.split", ("1.0.0-rc.1", "1.0.0", "1.0.10", "1.0.9")),
    "nuget": ("Banana.Split_X", ("1.0.0-rc.1", "1.0.0", "1.0.10", "1.0.9")),
    "python": ("Banana.Split_x-y", ("1.0rc1", "1.0", "2.0.post1")),
    "redhat": ("Banana_split.x++", ("1.0~rc1-1.el9", "1.0.0-1")),
    "ruby": ("Banana_split-x.y", ("1.0.0.rc1", "1.0.0")),
}
"""By ecosystem, a name whose signs have another meaning in file names, in addresses or in queries, and versions."""
LONG_NAME = "-".join(["banana", *(f"{number:03}" for number in range(30))])
"""A name beyond the lengths at which names might be cut."""
SEPARATORS = "-_."


def near(name: str) -> list[str]:
    """Make names that are nearly a name, and that something might take for it."""
    first, rest = name[0], name[1:]
    found = [name.swapcase(), name.lower(), name.upper(), name.title()]
    for sign in SEPARATORS:
        found += [re.sub("[-_.]", sign, name), re.sub("[-_.]", sign * 2, name)]
    found += [name.replace(sign, other, 1) for sign in SEPARATORS for other in SEPARATORS if other != sign]
    found += [re.sub("[-_.]+", "", name), re.sub("[-_.]+", "-", name).lower(), re.sub("[-_.]+", " ", name)]
    found += [rest, name[:-1], f"{first}_{rest[1:]}", f"{first}%{rest[2:]}", f"{first}?{rest[1:]}", f"{first}*"]
    found += [
        f" {name}",
        f"{name} ",
        f"{name}\n",
        f"{name[:3]} {name[3:]}",
        f"{name}\u200b",
        f"{name[:3]}\u00ad{name[3:]}",
    ]
    found += [f"{name[:2]}\u0301{name[2:]}", name.replace("a", "\u00e4"), name.replace("a", "\u0430")]
    found += [name.replace("a", "\uff41"), name.replace("s", "\u017f"), name.replace("+", " ")]
    found += [unicodedata.normalize(form, name) for form in ("NFC", "NFD", "NFKC")]
    found += [re.split("[/:]", name)[-1], re.split("[/:]", name)[0], f'"{name}"', f"^{name}$"]
    return [each for each in dict.fromkeys(found) if each and each != name]


CHOICES = ("page", "after", "before")
"""The query parameters of which one chooses a page."""


class Pages:
    """A list of packages, page by page.

    Args:
        api: the flow client.
        registry: whose packages are listed.
        wanted: all packages that the pages together should show, in order.
        size: how many packages a page holds.
        query: what is sent besides what chooses a page; every address of a page must have it.
    """

    def __init__(
        self, api: FlowClient, registry: Thing, wanted: list[Thing], *, size: int, query: dict[str, str]
    ) -> None:
        self._api = api
        self._registry = registry
        self._wanted = wanted
        self._size = size
        self._query = query
        self._last = max(1, -(-len(wanted) // size))

    def get(self, page: int | None = None) -> Answer:
        """Ask for a page by its number; None for the first, without saying so."""
        query = self._query if page is None else {**self._query, "page": str(page)}
        answer = self._api.send("list_packages", self._registry["slug"], params=query)
        self._check(answer, page or 1)
        return answer

    def walk(self) -> None:
        """Walk from the first page to the last along the links, back again, and to the first at once."""
        answer: Answer | None = self.get()
        for number in range(2, self._last + 1):
            answer = self._visit(answer, "next", number)
        last = answer
        lowest = 1 if self._api.target.kind == "emulator" else max(1, self._last - 1)
        for number in range(self._last - 1, lowest - 1, -1):
            answer = self._visit(answer, "prev", number)
        if self._last > 1:
            self._visit(last, "first", 1)
            self._visit(last, "self", self._last)

    def _visit(self, answer: Answer | None, relation: str, number: int) -> Answer | None:
        """Go where a link of a page leads, which should be a certain page; None where it has no such link."""
        address = thing(thing(answer.json).get("links")).get(relation) if answer else None
        if not isinstance(address, str):
            return None  # which is found already
        answer = self._api.visit("list_packages", path_of(address))
        self._check(answer, number)
        return answer

    def _check(self, answer: Answer, page: int) -> None:
        body, api = thing(answer.json), self._api
        what = f"page {page} of {self._size} packages each"
        expected = [summary_of(each) for each in self._wanted[(page - 1) * self._size : page * self._size]]
        api.same(body.get("items"), expected, f"the packages on {what}", PLACE)
        relations = {"self"}
        if self._last > 1:
            relations |= {"first"} | ({"prev"} if page > 1 else set()) | ({"next"} if page < self._last else set())
        links = thing(body.get("links"))
        api.same(sorted(links), sorted(relations), f"the links on {what}", schema_place("PageLinks"))
        for relation in sorted(relations):
            self._check_link(relation, links.get(relation))
        others = {relation: links.get(relation) for relation in relations if relation != "self"}
        api.same(answer.links, others, f"the addresses in the header Link on {what}, as in the body", LINKS)

    def _check_link(self, relation: str, link: Any) -> None:
        """See that a link is an address of the list, and that a cursor chooses the page."""
        target = self._api.target
        path = SPEC.operations["list_packages"].path.format(
            org_slug=target.organization, registry_slug=self._registry["slug"]
        )
        parts = urlsplit(str(link))
        sent = query_of(str(link))
        others = {name: value for name, value in sent.items() if name not in CHOICES}
        chosen = sorted(sent.keys() & set(CHOICES))
        received = (parts.netloc, parts.path, others)
        wanted = (urlsplit(target.base_url).netloc, path, self._query)
        is_right = received == wanted and len(chosen) <= 1
        expected = f"an address of the list with {self._query or 'no further query'}"
        if relation in CURSORS:
            is_right = is_right and chosen == [CURSORS[relation]]
            expected += f" and a cursor in `{CURSORS[relation]}`"
        self._api.true(is_right, expected, link, schema_place("PageLinks", relation))


CURSORS = {"prev": "before", "next": "after"}
"""By relation of a link, the query parameter that has its cursor."""


@flow(
    settles=[schema_place("PageLinks", name) for name in ("first", "prev", "next")]
    + [
        LINKS,
        "#/components/parameters/After",
        "#/components/parameters/Before",
        "Every page names the first one, once there is more than one.",
        "A page beyond the last is empty.",
    ]
)
def pages_show_each_package_once(api: FlowClient) -> None:
    """Packages are listed the newest first, each on one page, and links lead from page to page."""
    registry, other = new_registry(api), new_registry(api)
    publish(api, other)
    made: list[Thing] = []
    for number in range(7):
        name = ("banana", "banana-split", "Banana")[number % 3]
        made.insert(0, publish(api, registry, packages.generic(name, f"1.0.{number}")))
    for size in (1, 2, 3, 7, 100):
        Pages(api, registry, made, size=size, query={"per_page": str(size)}).walk()
    for page in (1, 2, 3):
        Pages(api, registry, made, size=3, query={"per_page": "3"}).get(page)
    beyond = thing(api.call("list_packages", registry["slug"], params={"per_page": "3", "page": "4"}))
    api.same(beyond.get("items"), [], "the packages on a page beyond the last", PLACE)
    api.true("next" not in thing(beyond.get("links")), "no next page beyond the last", beyond.get("links"), PLACE)
    rows = listed(api, registry, unheard_of="1")
    api.same(rows, [summary_of(each) for each in made], "the packages, whatever else is asked", PLACE)
    times = [str(each.get("created_at")) for each in reversed(listed(api, registry))]
    in_order(api, times, schema_place("PackageSummary", "created_at"))


@flow(settles=["A cursor stays good while packages are published and deleted, even its own."])
def cursors_hold_while_packages_come_and_go(api: FlowClient) -> None:
    """Whoever follows `next` sees each package once, also while others are published and deleted."""
    registry = new_registry(api)
    made: list[Thing] = []
    for number in range(6):
        made.insert(0, publish(api, registry, packages.generic("banana", f"1.0.{number}")))
    page = thing(api.call("list_packages", registry["slug"], params={"per_page": "2"}))
    seen = things(page.get("items"))
    publish(api, registry, packages.generic("banana", "2.0.0"))
    for gone in made[:3]:  # those of the first page, and the next one
        api.call("delete_package", registry["slug"], gone["id"])
    publish(api, registry, packages.generic("banana", "3.0.0"))
    while isinstance(following := thing(page.get("links")).get("next"), str) and len(seen) < len(made):
        page = thing(api.follow("list_packages", path_of(following)))
        seen += things(page.get("items"))
    expected = [summary_of(each) for each in (*made[:2], *made[3:])]
    api.same(seen, expected, "the packages along `next`, while others came and went", PLACE)


@flow(
    settles=[
        "A cursor that the registry has not given is refused.",
        "A page is chosen in one way; more are refused.",
    ]
)
def foreign_cursors_are_refused(api: FlowClient) -> None:
    """A cursor is good for the registry that gave it, and a page is chosen in one way."""
    registry, other = new_registry(api), new_registry(api)
    for number in range(2):
        publish(api, registry, packages.generic("banana", f"1.0.{number}"))
        publish(api, other, packages.generic("banana", f"1.0.{number}"))
    page = thing(api.call("list_packages", registry["slug"], params={"per_page": "1"}))
    cursor = query_of(str(thing(page.get("links")).get("next"))).get("after", "")
    for name in ("after", "before"):
        for value, why in (("no-cursor", "nobody has given the cursor"), (cursor, "another registry gave the cursor")):
            api.refused("ValidationFailed", "list_packages", other["slug"], params={name: value}, why=why)
    for query in ({"page": "1", "after": cursor}, {"after": cursor, "before": cursor}):
        why = "a page cannot be chosen in two ways"
        api.refused("ValidationFailed", "list_packages", registry["slug"], params=query, why=why)


@flow()
def name_picks_packages(api: FlowClient) -> None:
    """The filter lists packages of exactly the name, page by page."""
    registry = new_registry(api)
    names = ("banana", "banana-split", "Banana", "anana", "bananas", "b")
    made: list[Thing] = []
    for number in range(9):
        made.insert(0, publish(api, registry, packages.generic(names[number % len(names)], f"1.0.{number}")))
    for name in names:
        wanted = [each for each in made if each["name"] == name]
        for size in (100, 1):
            Pages(api, registry, wanted, size=size, query={"per_page": str(size), "name": name}).walk()
    others = ["nana", "BANANA", "banana*", "%", "no-such-package", " banana", "banana "]
    if api.target.kind == "emulator":  # elsewhere an empty name might be none
        others.append("")
    for name in others:
        Pages(api, registry, [], size=SIZE, query={"name": name}).walk()


@flow(settles=[schema_place("Package", "version"), schema_place("PackageSummary", "version")])
def odd_names_are_kept(api: FlowClient) -> None:
    """A name of more than letters and a version of more than numbers are kept, and can be picked, page by page."""
    is_alone = api.target.kind == "emulator"
    for ecosystem, (name, versions) in ODD_NAMES.items():
        registry = new_registry(api, ecosystem)
        made: list[Thing] = []
        for version in versions:
            package = publish(api, registry, built(api, ecosystem, name, version))
            made.insert(0, package)
            whole = f"{JAVA_GROUP}:{name}" if ecosystem == "java" else name
            is_named = package.get("name") == whole if is_alone else name in str(package.get("name"))
            api.true(is_named, f"the name {whole}", package.get("name"), schema_place("Package", "name"))
            api.same(package.get("version"), version, "the version", schema_place("Package", "version"))
        shown = str(made[0].get("name"))
        query = {"per_page": "1", "name": shown}
        Pages(api, registry, made, size=1, query=query).walk()
        Pages(api, registry, [], size=SIZE, query={"name": name[1:]}).walk()
        for other in near(shown) if is_alone else near(shown)[:FEW]:
            rows = listed(api, registry, name=other)
            api.same(rows, [], f"the packages of the name {other!r}, beside {shown!r} of {ecosystem}", PLACE)


@flow()
def long_names_are_told_apart(api: FlowClient) -> None:
    """Names that differ in their last character alone are other names."""
    registry = new_registry(api)
    names = [f"{LONG_NAME}{end}" for end in "abB"]
    made = [publish(api, registry, packages.generic(name, "1.0.0")) for name in names]
    for name, package in zip(names, made, strict=True):
        api.same(package.get("name"), name, "a long name", schema_place("PackageName"))
        rows = listed(api, registry, name=name)
        api.same(rows, [summary_of(package)], "the packages of a long name", PLACE)
    api.same(listed(api, registry, name=LONG_NAME), [], "the packages of the beginning of a name", PLACE)


@flow(
    settles=[
        "#/components/parameters/PerPage",
        "#/components/parameters/Page",
        "A page or a size that cannot be is refused, rather than cut to one that can.",
    ]
)
def pages_have_a_usual_size(api: FlowClient) -> None:
    """Without a size a page has the usual one, and there is no page and no size below or beyond what the spec names."""
    registry = new_registry(api)
    most = PER_PAGE["maximum"]
    made: list[Thing] = []
    for number in range(more_than_a_page(api)):
        made.insert(0, publish(api, registry, packages.generic("banana", f"1.0.{number}")))
    pages = Pages(api, registry, made, size=SIZE, query={})
    pages.walk()
    pages.get(1)
    pages.get(2)
    for size in (SIZE, most):
        Pages(api, registry, made, size=size, query={"per_page": str(size)}).walk()
    for query in (
        {"per_page": "0"},
        {"per_page": str(most + 1)},
        {"per_page": "-1"},
        {"per_page": "ten"},
        {"per_page": "1.5"},
        {"page": "0"},
        {"page": "-1"},
        {"page": "one"},
    ):
        ((name, value),) = query.items()
        why = f"`{name}` cannot be {value}"
        api.refused("ValidationFailed", "list_packages", registry["slug"], params=query, why=why)


@flow()
def list_follows_what_happens(api: FlowClient) -> None:
    """What is published is in the list at once, and what is deleted no more."""
    registry = new_registry(api)
    made: list[Thing] = []
    for number in range(3):
        made.insert(0, publish(api, registry, packages.generic(f"banana{number}", "1.0.0")))
        api.same(things(listed(api, registry)), [summary_of(each) for each in made], "the list after a publish", PLACE)
    for gone in (made[1], made[0], made[2]):
        api.call("delete_package", registry["slug"], gone["id"])
        made = [each for each in made if each["id"] != gone["id"]]
        api.same(listed(api, registry), [summary_of(each) for each in made], "the list after a delete", PLACE)
