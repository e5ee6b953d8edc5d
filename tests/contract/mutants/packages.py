"""Mutants of the operations on packages."""

import base64
import hashlib
import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from buildkite_emulator.identity import graphql_id
from scripts.contract.mutants import *
from tests.contract.mutants import PACKAGES

Digests = dict[str, str]
Links = dict[str, str]

SWAPPED = {"sha256": "sha512", "sha512": "sha256"}
OF_NOTHING = {"sha256": hashlib.sha256().hexdigest(), "sha512": hashlib.sha512().hexdigest()}


def packages_of(call: Call, slug: str, name: str | None = None) -> list[Resource]:
    """List the packages of a registry, newest first, up to the size of a page."""
    query = {"per_page": 100} | ({} if name is None else {"name": name})
    return shown(call.ask("list_packages", registry_slug=slug, query=query))


def with_others(call: Call, package: Resource, operation: str, query: dict[str, str] | None = None) -> None:
    """Call an operation for each other package of the same name in the call's registry."""
    for other in packages_of(call, call.path["registry_slug"], package["name"]):
        if other["id"] != package["id"]:
            call.ask(operation, id=other["id"], query=query)


def there_already(call: Call, answer: Answer, slug: str) -> str | None:
    """Find the ID of the package that already exists in a registry, if the call was refused for it."""
    if not already_exists(answer):
        return None
    _, _, what = answer.json["message"].partition("already has ")
    for package in packages_of(call, slug):
        if " ".join(filter(None, (package["name"], package["version"], package["variant"]))) == what:
            return str(package["id"])
    return None


def destination(call: Call) -> str:
    """Get the slug of the registry that the call adds a package to."""
    return call.query.get("to", "") if call.operation == "copy_package" else call.path["registry_slug"]


def there_replaced(call: Call) -> Answer:
    """Replace a package that already exists."""
    answer, slug = call.forward(), destination(call)
    there = there_already(call, answer, slug)
    if there is None or (call.operation == "copy_package" and slug == call.path["registry_slug"]):
        return answer
    call.ask("delete_package", registry_slug=slug, id=there)
    return call.forward()


def there_shown(call: Call) -> Answer:
    """Answer with the package that already exists."""
    answer, slug = call.forward(), destination(call)
    there = there_already(call, answer, slug)
    return call.ask("get_package", registry_slug=slug, id=there) if there else answer


# Publishing


PUBLISH = mutants_of(
    "publish_package",
    answers_created=changed(status, 200, 201),
    answers_conflict=changed(conflict),
    answers_accepted=changed(
        lambda answer: answer.with_status(202).with_json({"id": answer.json["id"]}) if answer.ok else answer
    ),
    has_null_version=changed(put, "version", None),
    without_version=changed(drop, "version"),
    without_created_at=changed(drop, "created_at"),
    shortens_versions=changed(put, "version", lambda value: value and value.rpartition(".")[0]),
    has_version_in_name=changed(each, lambda package: package.update(name=f"{package['name']}-{package['version']}")),
    comes_from_the_future=changed(put, "created_at", lambda value: f"2099{value[4:]}"),
    has_another_url=changed(put, "url", lambda value: re.sub("/registries/[^/]+/", "/", value)),
    has_organization_id_with_prefix=changed(put, "organization.id", lambda value: "org_" + value.replace("-", "")),
    has_graphql_id_of_package=changed(
        each, lambda package: package["registry"].update(graphql_id=graphql_id("Package", package["id"]))
    ),
    swaps_digests=changed(put, "digests", lambda value: {SWAPPED[name]: value[name] for name in value}),
    has_digests_in_base64=changed(
        put, "digests", lambda value: {name: base64.b64encode(bytes.fromhex(value[name])).decode() for name in value}
    ),
    reuses_the_id=partial(first_value, names=["id"]),
    overwrites=there_replaced,
    finds_the_one_that_is_there=there_shown,
    keeps_nothing=afterwards(take_back),
    deletes_older_versions=afterwards(lambda call, answer: with_others(call, answer.json, "delete_package")),
)

SHOWN = mutants_of(
    PACKAGES, without_digests=changed(drop, "digests"), has_no_variant=changed(put, "variant", lambda _: None)
)


@mutant("publish_package", "SHA-256 is that of the file's name.")
def publish_package_has_digest_of_name(call: Call) -> Answer:
    name = call.request.file[1] if call.request.file else ""
    return put(call.forward(), "digests.sha256", hashlib.sha256(name.encode()).hexdigest())


@mutant("publish_package", "SHA-512 is that of all but the last byte.")
def publish_package_has_digest_of_cut_file(call: Call) -> Answer:
    content = call.request.file[2] if call.request.file else b""
    return put(call.forward(), "digests.sha512", hashlib.sha512(content[:-1]).hexdigest())


@mutant("publish_package", "A file that is no package of the registry's ecosystem is accepted.")
def publish_package_accepts_broken_files(call: Call) -> Answer:
    answer = call.forward()
    if answer.ok:
        call.memory["last"] = answer
    broken = answer.status == 422 and call.request.file and not already_exists(answer)
    return call.memory.get("last", answer) if broken else answer


@mutant("publish_package", "A request without a file ends in a 500.")
def publish_package_fails_without_a_file(call: Call) -> Answer:
    answer, file = call.forward(), call.request.file
    missing = answer.status == 422 and (file is None or file[0] != "file")
    return answer.error(500, "Internal Server Error") if missing else answer


@mutant("publish_package", "A form with a further field is refused.")
def publish_package_refuses_further_fields(call: Call) -> Answer:
    answer = call.forward()
    is_more = answer.ok and call.request.body.count(b"Content-Disposition") > 1
    return undone(call, answer, "there is more than a file") if is_more else answer


# Listing


def filtered(fits: Callable[[str, str], bool]) -> Behaviour:
    """Return a behaviour that filters packages by name in another way."""

    def behaviour(call: Call) -> Answer:
        answer, name = call.forward(), call.query.get("name")
        if not answer.ok or name is None:
            return answer
        found = [each for each in packages_of(call, call.path["registry_slug"]) if fits(each["name"], name)]
        return items(answer, lambda _: found)

    return behaviour


def relinked(answer: Answer, change: Callable[..., Links], *arguments: str) -> Answer:
    """Change the links of a page in its body only."""
    return reshape(answer, lambda page: {**page, "links": change(page["links"], *arguments)})


def relinked_throughout(answer: Answer, change: Callable[..., Links], *arguments: str) -> Answer:
    """Change the links of a page in its body and its header."""
    page = relinked(answer, change, *arguments)
    if not page.ok or page.header("Link") is None:
        return page
    others = without(page.json["links"], "self")
    if not others:
        return page.without_header("Link")
    return page.with_header("Link", ", ".join(f'<{address}>; rel="{name}"' for name, address in others.items()))


def without(links: Links, relation: str) -> Links:
    """Drop a link."""
    return {name: address for name, address in links.items() if name != relation}


def redirected(links: Links, relation: str, other: str) -> Links:
    """Point a link to the target of another one."""
    return {name: links[other] if name == relation else links[name] for name in links}


def query_cut(links: Links, name: str) -> Links:
    """Drop a query parameter from all links."""
    pattern = rf"(?<=[?&]){name}=[^&]*&|[?&]{name}=[^&]*$"
    return {relation: re.sub(pattern, "", address) for relation, address in links.items()}


def last_earlier(links: Links) -> Links:
    """Point the link to the last page to the page before it."""
    earlier = re.sub("(?<=[?&]page=)[0-9]+", lambda found: str(int(found[0]) - 1), links.get("last", ""))
    return {name: earlier if name == "last" else address for name, address in links.items()}


def asked(name: str, value: object, when: Callable[[str], object] = bool) -> Behaviour:
    """Return a behaviour that replaces certain values of a query parameter."""
    return lambda call: call.forward(
        call.request.with_query(**{name: value}) if when(call.query.get(name, "1")) else call.request
    )


def unheeded(call: Call, name: str) -> Answer:
    """Ignore a query parameter once it has been validated."""
    answer = call.forward()
    return call.forward(call.request.with_query(**{name: None})) if answer.ok else answer


LIST = mutants_of(
    "list_packages",
    sorts_by_name=changed(items, lambda all_: sorted(all_, key=lambda each: str(each["name"]))),
    reverses_the_order=changed(items, lambda all_: all_[::-1]),
    renames_items=changed(reshape, lambda page: {"packages": page["items"], "links": page["links"]}),
    has_items_by_id=changed(reshape, lambda page: {**page, "items": {each["id"]: each for each in page["items"]}}),
    has_a_total=changed(reshape, lambda page: {**page, "total": len(page["items"])}),
    is_a_bare_list=changed(reshape, lambda page: page["items"]),
    has_null_versions=changed(put, "version", None),
    has_times_without_zone=changed(put, "created_at", lambda value: value.removesuffix("Z")),
    has_one_time=changed(items, lambda all_: [{**each, "created_at": all_[0]["created_at"]} for each in all_]),
    loses_the_last_of_a_page=changed(
        reshape, lambda page: {**page, "items": page["items"][:-1]} if "next" in page["links"] else page
    ),
    filters_by_prefix=filtered(lambda name, wanted: name.startswith(wanted)),
    filters_by_part=filtered(lambda name, wanted: wanted in name),
    filters_without_case=filtered(lambda name, wanted: name.lower() == wanted.lower()),
)

PARAMETERS = mutants_of(
    "list_packages",
    ignores_the_name=asked("name", None),
    ignores_per_page=partial(unheeded, name="per_page"),
    ignores_the_page=partial(unheeded, name="page"),
    accepts_page_0=asked("page", 1, lambda page: page == "0"),
    accepts_negative_pages=asked("page", 1, re.compile("-[0-9]+").fullmatch),
    accepts_words_for_pages=asked("page", None, lambda page: not re.fullmatch("-?[0-9]+", page)),
    clamps_per_page=asked("per_page", 100, lambda text: text.isascii() and text.isdigit() and int(text[:9]) > 100),
)

LINKS = mutants_of(
    "list_packages",
    without_links=changed(reshape, lambda page: {"items": page["items"]}),
    without_link_header=changed(Answer.without_header, "Link"),
    without_next=changed(relinked_throughout, without, "next"),
    without_first=changed(relinked_throughout, without, "first"),
    without_last=changed(relinked_throughout, without, "last"),
    has_next_of_itself=changed(relinked_throughout, redirected, "next", "self"),
    has_prev_of_first=changed(relinked_throughout, redirected, "prev", "first"),
    has_last_too_early=changed(relinked_throughout, last_earlier),
    has_another_self=changed(relinked, lambda links: {**links, "self": links.get("next", f"{links['self']}?page=2")}),
    has_relative_links=changed(
        relinked, lambda links: {name: "/" + address.split("/", 3)[3] for name, address in links.items()}
    ),
    drops_per_page_in_links=changed(relinked_throughout, query_cut, "per_page"),
    drops_name_in_links=changed(relinked_throughout, query_cut, "name"),
)

LIST_AND_DELETE = mutants_of(
    ("list_packages", "delete_package"),
    shows_deleted_ones=partial(listed_after_deletion, list_="list_packages", query={"per_page": 100}),
)


@mutant("list_packages", "The list lacks the newest package.")
def list_packages_lacks_the_newest(call: Call) -> Answer:
    is_first = call.query.get("page", "1") == "1"
    return items(call.forward(), lambda all_: all_[1:] if is_first else all_)


@mutant("list_packages", "A page has ten packages where nothing else was asked for.")
def list_packages_has_short_pages(call: Call) -> Answer:
    if "per_page" in call.query:
        return call.forward()
    return relinked(call.forward(call.request.with_query(per_page=10)), query_cut, "per_page")


def is_past_the_end(call: Call, answer: Answer) -> bool:
    """Return whether a page lies past the last one."""
    return answer.ok and call.query.get("page", "1") != "1" and not answer.json["items"]


@mutant("list_packages", "A page past the last one is answered with 404.")
def list_packages_has_nothing_past_the_end(call: Call) -> Answer:
    answer = call.forward()
    return answer.error(404, "No page found") if is_past_the_end(call, answer) else answer


@mutant("list_packages", "A page past the last one has the packages of the last.")
def list_packages_repeats_the_last_page(call: Call) -> Answer:
    answer = call.forward()
    if not is_past_the_end(call, answer):
        return answer
    everything = packages_of(call, call.path["registry_slug"], call.query.get("name"))
    last = (len(everything) - 1) % int(call.query.get("per_page", 30)) + 1
    return items(answer, lambda _: everything[-last:])


@mutant("list_packages", "The last page has a link to a next one.")
def list_packages_never_ends(call: Call) -> Answer:
    def go_on(links: Links) -> Links:
        number = int(call.query.get("page", "1")) + 1
        address = re.sub(r"(?<=[?&]page=)[0-9]+", str(number), links["self"])
        if address == links["self"]:
            address += ("&" if "?" in address else "?") + f"page={number}"
        return {"next": address, **links}

    return relinked_throughout(call.forward(), go_on)


@mutant("list_packages", "The Link header leads to other pages than the links in the body.")
def list_packages_has_another_link_header(call: Call) -> Answer:
    answer = call.forward()
    link = answer.header("Link")
    numbered = link and re.sub("([?&]page=)([0-9]+)", lambda found: f"{found[1]}{int(found[2]) + 1}", link)
    return answer.with_header("Link", numbered) if numbered else answer


@mutant("list_packages", "Each page begins with the last package of the page before.")
def list_packages_repeats_packages_over_pages(call: Call) -> Answer:
    answer, page = call.forward(), call.query.get("page", "1")
    if not shown(answer) or page == "1":
        return answer
    before = call.forward(call.request.with_query(page=int(page) - 1))
    return items(answer, lambda all_: [before.json["items"][-1], *all_[:-1]])


@mutant("list_packages", "The list shows the packages of the organization's other registries as well.")
def list_packages_shows_those_of_others(call: Call) -> Answer:
    answer, mine = call.forward(), call.path["registry_slug"]
    if not answer.ok or call.query:
        return answer
    others = [each for slug in slugs(call) if slug != mine for each in packages_of(call, slug)[:1]]
    return items(answer, lambda all_: all_ + others[:1])


# Getting


GET = mutants_of(
    "get_package",
    without_registry=changed(drop, "registry"),
    has_null_organization=changed(put, "organization", None),
    has_version_as_number=changed(
        put, "version", lambda value: float(".".join(re.findall("[0-9]+", f"{value} 0")[:2]))
    ),
    has_time_as_in_mails=changed(put, "created_at", lambda value: moment(value).strftime("%a, %d %b %Y %H:%M:%S GMT")),
    has_another_registry_slug=changed(put, "registry.slug", lambda value: f"{value}-production"),
    has_digests_as_list=changed(put, "digests", lambda value: list(value.values())),
    has_digests_of_nothing=("The digests are those of an empty file.", changed(put, "digests", OF_NOTHING)),
    has_a_size=changed(put, "size", 4096),
    has_name_in_upper_case=changed(put, "name", str.upper),
    changes_its_time=changed_time,
    is_html=changed(on, 200, html, "Package"),
    fails_for_missing_ones=changed(status, 404, 500),
    shows_null_for_missing_ones=changed(invented, None),
    redirects=changed(
        lambda answer: answer.with_status(302).with_header("Location", answer.json["web_url"]) if answer.ok else answer
    ),
    crosses_registries=("A package can be reached by way of another registry.", elsewhere),
)

GET_AND_DELETE = mutants_of(
    ("get_package", "delete_package"), shows_deleted_ones=partial(shown_after_deletion, get="get_package")
)


@mutant("get_package", "Another package of the registry is shown.")
def get_package_shows_another(call: Call) -> Answer:
    answer = call.forward()
    others = packages_of(call, call.path["registry_slug"]) if answer.ok else []
    return call.ask("get_package", id=others[0]["id"]) if others else answer


# Copying


COPY = mutants_of(
    "copy_package",
    answers_created=changed(status, 200, 201),
    changes_digests=changed(put, "digests.sha256", lambda value: value[::-1]),
    changes_the_name=changed(put, "name", lambda value: f"{value}-copy"),
    changes_the_version=changed(put, "version", lambda value: f"{value}.1"),
    overwrites=there_replaced,
    finds_the_one_that_is_there=there_shown,
    keeps_nothing=afterwards(take_back),
    moves=("A copied package is gone from where it came.", afterwards(lambda call, _: call.ask("delete_package"))),
    copies_all_versions=afterwards(
        lambda call, answer: with_others(
            call, answer.json | {"id": call.path["id"]}, "copy_package", {"to": call.query["to"]}
        )
    ),
)


def with_source(when: Callable[[Call, Answer], object]) -> Behaviour:
    """Return a behaviour that answers certain copies with the source package."""

    def behaviour(call: Call) -> Answer:
        answer = call.forward()
        found = call.ask("get_package") if when(call, answer) else answer
        return answer.with_status(200).with_json(found.json) if found.ok else answer

    return behaviour


COPY_AS_SOURCE = mutants_of(
    "copy_package",
    shows_the_source=with_source(lambda _, answer: answer.ok),
    accepts_every_ecosystem=with_source(lambda _, answer: answer.status == 422 and b"cannot be copied" in answer.body),
    goes_nowhere=with_source(lambda _, answer: answer.status == 404),
    needs_no_destination=with_source(lambda call, answer: answer.status == 422 and "to" not in call.query),
)


@mutant("copy_package", "The copy is said to have the ID of what it was made from.")
def copy_package_keeps_the_id(call: Call) -> Answer:
    return put(call.forward(), "id", call.path["id"])


@mutant("copy_package", "A copy into a registry of another ecosystem is accepted.")
def copy_package_accepts_other_ecosystems(call: Call) -> Answer:
    answer = call.forward()
    if answer.status == 422 and b"the package is of the ecosystem" in answer.body:
        source = call.ask("get_package").json
        there = call.ask("get_registry", registry_slug=call.query["to"]).json
        registry = {name: there[name] for name in source["registry"]}
        return answer.with_status(200).with_json({**source, "registry": registry})
    return answer


@mutant("copy_package", "A copy to a registry that does not exist ends in a 500.")
def copy_package_fails_for_missing_registries(call: Call) -> Answer:
    answer = call.forward()
    return answer.error(500, "Internal Server Error") if answer.status == 404 and call.query.get("to") else answer


@mutant("copy_package", "The copy is as old as what it was made from.")
def copy_package_keeps_the_time(call: Call) -> Answer:
    answer, found = call.forward(), call.ask("get_package")
    return put(answer, "created_at", found.json["created_at"]) if answer.ok else answer


@mutant("copy_package", "The address of the copy leads to the registry that it came from.")
def copy_package_has_url_of_source(call: Call) -> Answer:
    own = call.path["registry_slug"]
    return put(call.forward(), "url", lambda value: re.sub("/registries/[^/]+/", f"/registries/{own}/", value))


# Deleting


def if_empty(call: Call, _: Answer) -> None:
    """Delete the registry if it has no packages."""
    if not packages_of(call, call.path["registry_slug"]):
        call.ask("delete_registry")


DELETE = mutants_of(
    "delete_package",
    keeps_it=partial(pretended_deletion, get="get_package"),
    answers_no_content=changed(status, 200, 204),
    deletes_and_answers_not_found=changed(on, 200, Answer.error, 404, "No package found"),
    deletes_missing_ones=changed(on, 404, deleted),
    crosses_registries=("A package can be deleted by way of another registry.", elsewhere),
    deletes_the_registry=("With the last package of a registry, the registry is deleted.", afterwards(if_empty)),
)


@mutant("delete_package", "A deletion takes all versions of the package away.")
def delete_package_deletes_all_versions(call: Call) -> Answer:
    found, answer = call.ask("get_package"), call.forward()
    if answer.ok and found.ok:
        with_others(call, found.json, "delete_package")
    return answer


@mutant("delete_package", "A deletion takes the copies in other registries away.")
def delete_package_deletes_copies(call: Call) -> Answer:
    found, answer = call.ask("get_package"), call.forward()
    for slug in slugs(call) if answer.ok and found.ok else []:
        for package in packages_of(call, slug, found.json["name"]):
            if package["digests"] == found.json["digests"]:
                call.ask("delete_package", registry_slug=slug, id=package["id"])
    return answer


@mutant("delete_package", "The newest package of the registry is deleted rather than the one that was meant.")
def delete_package_deletes_the_newest(call: Call) -> Answer:
    listed = packages_of(call, call.path["registry_slug"])
    if not listed or not call.ask("get_package").ok:
        return call.forward()
    path = call.request.path.rstrip("/").rpartition("/")[0]
    return call.forward(replace(call.request, path=f"{path}/{listed[0]['id']}"))
