"""Packages that are published, listed, shown, copied or deleted in another way."""

import base64
import hashlib
import re
from dataclasses import replace
from typing import Any

from buildkite_emulator.identity import graphql_id
from scripts.contract.mutants import (
    Answer,
    Call,
    deleted,
    drop,
    each,
    html,
    items,
    moment,
    mutant,
    mutants_of,
    pretended_deletion,
    put,
    reshape,
    shown,
    status,
)

SHOWN = ("publish_package", "list_packages", "get_package", "copy_package")
"""The operations whose answers show packages."""


def packages_of(call: Call, slug: str, name: str | None = None) -> list[dict[str, Any]]:
    """List the packages of a registry, the newest first, or as many as go on a page."""
    query = {"per_page": 100} | ({} if name is None else {"name": name})
    return shown(call.ask("list_packages", registry_slug=slug, query=query))


def slugs(call: Call) -> list[str]:
    """List the slugs of the organization's registries."""
    return [each["slug"] for each in shown(call.ask("list_registries"))]


def there_already(call: Call, answer: Answer, slug: str) -> dict[str, Any] | None:
    """Find the package that stands in the way of another in a registry; None where it is nothing of the kind."""
    if answer.status != 422 or b"already_exists" not in answer.body:
        return None
    _, _, what = answer.json["message"].partition("already has ")
    for package in packages_of(call, slug):
        if " ".join(filter(None, (package["name"], package["version"], package["variant"]))) == what:
            return package
    return None


def same_name(call: Call, slug: str, package: dict[str, Any]) -> list[str]:
    """List the IDs of the other packages in a registry that have the name of a package."""
    return [each["id"] for each in packages_of(call, slug, package["name"]) if each["id"] != package["id"]]


# Publishing


PUBLISH_PACKAGE = mutants_of(
    "publish_package",
    answers_created=(
        "A published package is answered with 201.",
        lambda call: status(call.forward(), instead_of=200, now=201),
    ),
    shortens_versions=(
        "The version lacks its last number.",
        lambda call: put(call.forward(), "version", lambda value: value and value.rpartition(".")[0]),
    ),
    has_null_version=("The version is null.", lambda call: put(call.forward(), "version", None)),
    without_version=("The version is missing.", lambda call: drop(call.forward(), "version")),
    has_version_in_name=(
        "The name has the version at its end.",
        lambda call: each(
            call.forward(), lambda package: package.update(name=f"{package['name']}-{package['version']}")
        ),
    ),
    comes_from_the_future=(
        "A package was published in the year 2099.",
        lambda call: put(call.forward(), "created_at", lambda value: f"2099{value[4:]}"),
    ),
    without_created_at=("The time of publication is missing.", lambda call: drop(call.forward(), "created_at")),
    has_another_url=(
        "The address of a package lies under the organization.",
        lambda call: put(call.forward(), "url", lambda value: re.sub("/registries/[^/]+/", "/", value)),
    ),
    has_organization_id_with_prefix=(
        "The organization's ID is written without dashes and with a prefix.",
        lambda call: put(call.forward(), "organization.id", lambda value: "org_" + value.replace("-", "")),
    ),
    reuses_the_id=(
        "Each package is said to have the ID of the first one.",
        lambda call: put(call.forward(), "id", lambda value: call.memory.setdefault("id", value)),
    ),
)


@mutant("publish_package", "SHA-256 and SHA-512 are mixed up.")
def publish_package_swaps_digests(call: Call) -> Answer:
    swap = {"sha256": "sha512", "sha512": "sha256"}
    return put(call.forward(), "digests", lambda value: {swap[name]: digest for name, digest in value.items()})


@mutant("publish_package", "SHA-256 is that of the file's name.")
def publish_package_has_digest_of_name(call: Call) -> Answer:
    name = call.request.file[1] if call.request.file else ""
    return put(call.forward(), "digests.sha256", hashlib.sha256(name.encode()).hexdigest())


@mutant("publish_package", "SHA-512 is that of all but the last byte.")
def publish_package_has_digest_of_cut_file(call: Call) -> Answer:
    content = call.request.file[2] if call.request.file else b""
    return put(call.forward(), "digests.sha512", hashlib.sha512(content[:-1]).hexdigest())


@mutant("publish_package", "Digests are in base 64.")
def publish_package_has_digests_in_base64(call: Call) -> Answer:
    def encode(digests: dict[str, str]) -> dict[str, str]:
        return {name: base64.b64encode(bytes.fromhex(value)).decode() for name, value in digests.items()}

    return put(call.forward(), "digests", encode)


@mutant(SHOWN, "The digests are missing.")
def publish_package_without_digests(call: Call) -> Answer:
    return drop(call.forward(), "digests")


@mutant(SHOWN, "The architecture or platform of a package is not told.")
def publish_package_has_no_variant(call: Call) -> Answer:
    return put(call.forward(), "variant", lambda _: None)


@mutant("publish_package", "A package that is there already is replaced.")
def publish_package_overwrites(call: Call) -> Answer:
    answer = call.forward()
    if there := there_already(call, answer, call.path["registry_slug"]):
        call.ask("delete_package", id=there["id"])
        return call.forward()
    return answer


@mutant("publish_package", "A package that is there already is answered with 200.")
def publish_package_finds_the_one_that_is_there(call: Call) -> Answer:
    answer = call.forward()
    there = there_already(call, answer, call.path["registry_slug"])
    return call.ask("get_package", id=there["id"]) if there else answer


@mutant("publish_package", "A package that is there already is answered with 409.")
def publish_package_answers_conflict(call: Call) -> Answer:
    answer = call.forward()
    return answer.with_status(409) if answer.status == 422 and b"already_exists" in answer.body else answer


@mutant("publish_package", "A file that is no package of the registry's ecosystem is accepted.")
def publish_package_accepts_broken_files(call: Call) -> Answer:
    answer = call.forward()
    if answer.ok:
        call.memory["last"] = answer
    broken = answer.status == 422 and call.request.file and b"already_exists" not in answer.body
    return call.memory.get("last", answer) if broken else answer


@mutant("publish_package", "A request without a file ends in a 500.")
def publish_package_fails_without_a_file(call: Call) -> Answer:
    answer, file = call.forward(), call.request.file
    missing = answer.status == 422 and (file is None or file[0] != "file")
    return answer.error(500, "Internal Server Error") if missing else answer


@mutant("publish_package", "The GraphQL ID of the registry is one of a package.")
def publish_package_has_graphql_id_of_package(call: Call) -> Answer:
    answer = call.forward()
    return put(answer, "registry.graphql_id", graphql_id("Package", answer.json["id"])) if answer.ok else answer


@mutant("publish_package", "A package is answered as published, and is not there.")
def publish_package_keeps_nothing(call: Call) -> Answer:
    answer = call.forward()
    if answer.ok:
        call.ask("delete_package", id=answer.json["id"])
    return answer


@mutant("publish_package", "A package is answered with 202 and nothing but its ID.")
def publish_package_answers_accepted(call: Call) -> Answer:
    answer = call.forward()
    return answer.with_status(202).with_json({"id": answer.json["id"]}) if answer.ok else answer


@mutant("publish_package", "A new version takes the place of the package's older ones.")
def publish_package_deletes_older_versions(call: Call) -> Answer:
    answer = call.forward()
    if answer.ok:
        for package in same_name(call, call.path["registry_slug"], answer.json):
            call.ask("delete_package", id=package)
    return answer


@mutant("publish_package", "A form with a further field is refused.")
def publish_package_refuses_further_fields(call: Call) -> Answer:
    answer = call.forward()
    if answer.ok and call.request.body.count(b"Content-Disposition") > 1:
        call.ask("delete_package", id=answer.json["id"])
        return answer.error(422, "Validation failed: there is more than a file")
    return answer


# Listing


LIST_PACKAGES = mutants_of(
    "list_packages",
    reverses_the_order=("The oldest packages come first.", lambda call: items(call.forward(), lambda all_: all_[::-1])),
    sorts_by_name=(
        "Packages are in the order of their names.",
        lambda call: items(call.forward(), lambda all_: sorted(all_, key=lambda each: str(each["name"]))),
    ),
    ignores_the_name=(
        "A filter by name changes nothing.",
        lambda call: call.forward(call.request.with_query(name=None)),
    ),
    filters_by_prefix=(
        "A filter by name finds names that begin with it.",
        lambda call: filtered(call, lambda name, wanted: name.startswith(wanted)),
    ),
    filters_by_part=(
        "A filter by name finds names that have it in them.",
        lambda call: filtered(call, lambda name, wanted: wanted in name),
    ),
    filters_without_case=(
        "A filter by name does not tell upper from lower case.",
        lambda call: filtered(call, lambda name, wanted: name.lower() == wanted.lower()),
    ),
    accepts_page_0=(
        "Page 0 is accepted.",
        lambda call: call.forward(call.request.with_query(page=1)) if call.query.get("page") == "0" else call.forward(),
    ),
    has_another_self=(
        "The address of the page is that of the next one.",
        lambda call: relinked(
            call.forward(), lambda links: {**links, "self": links.get("next", f"{links['self']}?page=2")}
        ),
    ),
    without_next=(
        "A page has no link to the next one.",
        lambda call: relinked_throughout(call.forward(), without("next")),
    ),
    has_next_of_itself=(
        "The link to the next page leads to the page itself.",
        lambda call: relinked_throughout(
            call.forward(), lambda links: {name: links["self"] if name == "next" else links[name] for name in links}
        ),
    ),
    has_prev_of_first=(
        "The link to the page before leads to the first one.",
        lambda call: relinked_throughout(
            call.forward(), lambda links: {name: links["first"] if name == "prev" else links[name] for name in links}
        ),
    ),
    without_first=(
        "Pages have no link to the first one.",
        lambda call: relinked_throughout(call.forward(), without("first")),
    ),
    without_last=(
        "Pages have no link to the last one.",
        lambda call: relinked_throughout(call.forward(), without("last")),
    ),
    drops_per_page_in_links=(
        "Links forget how many items are on a page.",
        lambda call: relinked_throughout(call.forward(), query_cut("per_page")),
    ),
    drops_name_in_links=(
        "Links forget the name that is looked for.",
        lambda call: relinked_throughout(call.forward(), query_cut("name")),
    ),
    without_link_header=("There is no Link header.", lambda call: call.forward().without_header("Link")),
    has_relative_links=(
        "Links lead to plain paths without a host.",
        lambda call: relinked(
            call.forward(), lambda links: {name: "/" + address.split("/", 3)[3] for name, address in links.items()}
        ),
    ),
    without_links=(
        "The links are missing.",
        lambda call: reshape(call.forward(), lambda page: {"items": page["items"]}),
    ),
    lacks_the_newest=(
        "The list lacks the newest package.",
        lambda call: (
            items(call.forward(), lambda all_: all_[1:]) if call.query.get("page", "1") == "1" else call.forward()
        ),
    ),
    renames_items=(
        "The packages are called packages rather than items.",
        lambda call: reshape(call.forward(), lambda page: {"packages": page["items"], "links": page["links"]}),
    ),
    has_items_by_id=(
        "The packages of a page come as an object, by their IDs.",
        lambda call: reshape(
            call.forward(), lambda page: {**page, "items": {each["id"]: each for each in page["items"]}}
        ),
    ),
    is_a_bare_list=(
        "The list comes without the object around it.",
        lambda call: reshape(call.forward(), lambda page: page["items"]),
    ),
    has_a_total=(
        "A page tells how many packages there are.",
        lambda call: reshape(call.forward(), lambda page: {**page, "total": len(page["items"])}),
    ),
    has_null_versions=("The version is null in the list.", lambda call: put(call.forward(), "version", None)),
    has_times_without_zone=(
        "The time of publication has no zone.",
        lambda call: put(call.forward(), "created_at", lambda value: value.removesuffix("Z")),
    ),
)


def filtered(call: Call, fits: Any) -> Answer:
    """Filter the packages of a registry by name in another way."""
    answer, name = call.forward(), call.query.get("name")
    if not answer.ok or name is None:
        return answer
    found = [each for each in packages_of(call, call.path["registry_slug"]) if fits(each["name"], name)]
    return items(answer, lambda _: found)


@mutant("list_packages", "The number of items on a page that was asked for is not kept to.")
def list_packages_ignores_per_page(call: Call) -> Answer:
    answer = call.forward()
    return call.forward(call.request.with_query(per_page=None)) if answer.ok else answer


@mutant("list_packages", "A page has ten packages where nothing else was asked for.")
def list_packages_has_short_pages(call: Call) -> Answer:
    asked = "per_page" in call.query
    answer = call.forward() if asked else call.forward(call.request.with_query(per_page=10))
    return answer if asked else reshape(answer, lambda page: _without_query(page, "per_page=10"))


def _without_query(page: dict[str, Any], part: str) -> dict[str, Any]:
    """Take a part of the query out of a page's links."""
    links = {
        relation: re.sub(rf"[?&]{part}$|(?<=[?&]){part}&", "", address) for relation, address in page["links"].items()
    }
    return {**page, "links": links}


@mutant("list_packages", "Every page is the first one.")
def list_packages_ignores_the_page(call: Call) -> Answer:
    answer = call.forward()
    return call.forward(call.request.with_query(page=None)) if answer.ok else answer


@mutant("list_packages", "A page past the last one is answered with 404.")
def list_packages_has_nothing_past_the_end(call: Call) -> Answer:
    answer = call.forward()
    past = answer.ok and call.query.get("page", "1") != "1" and not answer.json["items"]
    return answer.error(404, "No page found") if past else answer


@mutant("list_packages", "A page past the last one has the packages of the last.")
def list_packages_repeats_the_last_page(call: Call) -> Answer:
    answer = call.forward()
    if answer.ok and call.query.get("page", "1") != "1" and not answer.json["items"]:
        per_page = int(call.query.get("per_page", 30))
        everything = packages_of(call, call.path["registry_slug"], call.query.get("name"))
        return items(answer, lambda _: everything[-((len(everything) - 1) % per_page + 1) :])
    return answer


@mutant("list_packages", "A negative page is accepted.")
def list_packages_accepts_negative_pages(call: Call) -> Answer:
    negative = re.fullmatch("-[0-9]+", call.query.get("page", ""))
    return call.forward(call.request.with_query(page=1)) if negative else call.forward()


@mutant("list_packages", "More than 100 items on a page are asked for, and 100 are given.")
def list_packages_clamps_per_page(call: Call) -> Answer:
    per_page = call.query.get("per_page", "")
    large = per_page.isascii() and per_page.isdigit() and int(per_page[:9]) > 100
    return call.forward(call.request.with_query(per_page=100)) if large else call.forward()


@mutant("list_packages", "A page that is no number is taken for the first.")
def list_packages_accepts_words_for_pages(call: Call) -> Answer:
    page = call.query.get("page", "1")
    return call.forward() if re.fullmatch("-?[0-9]+", page) else call.forward(call.request.with_query(page=None))


def relinked(answer: Answer, change: Any) -> Answer:
    """Change the links of a page, in its body alone."""

    def with_links(page: dict[str, Any]) -> dict[str, Any]:
        return {**page, "links": change(dict(page["links"]))}

    return reshape(answer, with_links)


def relinked_throughout(answer: Answer, change: Any) -> Answer:
    """Change the links of a page, in its body and its header."""
    changed = relinked(answer, change)
    if not changed.ok or changed.header("Link") is None:
        return changed
    others = {relation: address for relation, address in changed.json["links"].items() if relation != "self"}
    if not others:
        return changed.without_header("Link")
    return changed.with_header("Link", ", ".join(f'<{address}>; rel="{name}"' for name, address in others.items()))


def without(relation: str) -> Any:
    """Make what leaves a link out."""
    return lambda links: {name: address for name, address in links.items() if name != relation}


def query_cut(name: str) -> Any:
    """Make what leaves a query parameter out of all links."""
    pattern = rf"(?<=\?){name}=[^&]*&|[?&]{name}=[^&]*"
    return lambda links: {relation: re.sub(pattern, "", address) for relation, address in links.items()}


@mutant("list_packages", "The last page has a link to a next one.")
def list_packages_never_ends(call: Call) -> Answer:
    def go_on(links: dict[str, str]) -> dict[str, str]:
        number = int(call.query.get("page", "1")) + 1
        address = re.sub(r"(?<=[?&]page=)[0-9]+", str(number), links["self"])
        if address == links["self"]:
            address += ("&" if "?" in address else "?") + f"page={number}"
        return {"next": address, **links}

    return relinked_throughout(call.forward(), go_on)


@mutant("list_packages", "The link to the last page leads to the one before it.")
def list_packages_has_last_too_early(call: Call) -> Answer:
    def earlier(links: dict[str, str]) -> dict[str, str]:
        return {
            name: re.sub("(?<=[?&]page=)[0-9]+", lambda found: str(int(found[0]) - 1), address)
            if name == "last"
            else address
            for name, address in links.items()
        }

    return relinked_throughout(call.forward(), earlier)


@mutant("list_packages", "The Link header leads to other pages than the links in the body.")
def list_packages_has_another_link_header(call: Call) -> Answer:
    answer = call.forward()
    link = answer.header("Link")
    numbered = link and re.sub("([?&]page=)([0-9]+)", lambda found: f"{found[1]}{int(found[2]) + 1}", link)
    return answer.with_header("Link", numbered) if numbered else answer


@mutant("list_packages", "A full page lacks its last package.")
def list_packages_loses_the_last_of_a_page(call: Call) -> Answer:
    answer = call.forward()
    full = answer.ok and "next" in answer.json["links"]
    return items(answer, lambda all_: all_[:-1]) if full else answer


@mutant("list_packages", "Each page begins with the last package of the page before.")
def list_packages_repeats_packages_over_pages(call: Call) -> Answer:
    answer, page = call.forward(), call.query.get("page", "1")
    if not answer.ok or page == "1" or not answer.json["items"]:
        return answer
    before = call.forward(call.request.with_query(page=int(page) - 1))
    return items(answer, lambda all_: [before.json["items"][-1], *all_[:-1]])


@mutant(("list_packages", "delete_package"), "Packages are listed still after they were deleted.")
def list_packages_shows_deleted_ones(call: Call) -> Answer:
    slug = call.path["registry_slug"]
    if call.operation == "list_packages":
        return items(call.forward(), lambda all_: all_ + call.memory.get(slug, []))
    listed = {each["id"]: each for each in packages_of(call, slug)}
    answer = call.forward()
    if answer.ok and call.path["id"] in listed:
        call.memory.setdefault(slug, []).append(listed[call.path["id"]])
    return answer


@mutant("list_packages", "The time of publication is the same for all packages of a page.")
def list_packages_has_one_time(call: Call) -> Answer:
    answer = call.forward()
    first = answer.json["items"][0]["created_at"] if answer.ok and answer.json["items"] else None
    return put(answer, "created_at", first) if first else answer


@mutant("list_packages", "The list shows the packages of the organization's other registries as well.")
def list_packages_shows_those_of_others(call: Call) -> Answer:
    answer = call.forward()
    if not answer.ok or call.query:
        return answer
    mine = call.path["registry_slug"]
    others = [each for slug in slugs(call) if slug != mine for each in packages_of(call, slug)[:1]]
    return items(answer, lambda all_: all_ + others[:1])


# Getting


@mutant("get_package", "Another package of the registry is shown.")
def get_package_shows_another(call: Call) -> Answer:
    answer = call.forward()
    others = [each["id"] for each in packages_of(call, call.path["registry_slug"])] if answer.ok else []
    return call.ask("get_package", id=others[0]) if others else answer


@mutant("get_package", "A package can be reached by way of another registry.")
def get_package_crosses_registries(call: Call) -> Answer:
    answer = call.forward()
    if answer.status == 404 and call.ask("get_registry").ok:
        for slug in slugs(call):
            found = call.ask("get_package", registry_slug=slug)
            if found.ok:
                return found
    return answer


@mutant(("get_package", "delete_package"), "A package is shown still after it was deleted.")
def get_package_shows_deleted_ones(call: Call) -> Answer:
    place = (call.path["registry_slug"], call.path["id"])
    if call.operation == "delete_package":
        found = call.ask("get_package")
        answer = call.forward()
        if answer.ok and found.ok:
            call.memory[place] = found
        return answer
    answer = call.forward()
    return call.memory.get(place, answer) if answer.status == 404 else answer


@mutant("get_package", "The digests are those of an empty file.")
def get_package_has_digests_of_nothing(call: Call) -> Answer:
    nothing = {"sha256": hashlib.sha256().hexdigest(), "sha512": hashlib.sha512().hexdigest()}
    return put(call.forward(), "digests", nothing)


GET_PACKAGE = mutants_of(
    "get_package",
    has_null_organization=("The organization is null.", lambda call: put(call.forward(), "organization", None)),
    fails_for_missing_ones=(
        "A package that does not exist ends in a 500.",
        lambda call: status(call.forward(), instead_of=404, now=500),
    ),
    has_version_as_number=(
        "The version is a number.",
        lambda call: put(
            call.forward(), "version", lambda value: float(".".join(re.findall("[0-9]+", f"{value} 0")[:2]))
        ),
    ),
    has_digests_as_list=(
        "The digests are a list.",
        lambda call: put(call.forward(), "digests", lambda value: list(value.values())),
    ),
    without_registry=("The registry is missing.", lambda call: drop(call.forward(), "registry")),
    has_a_size=(
        "The answer has a further property, the size of the file.",
        lambda call: put(call.forward(), "size", 4096),
    ),
    has_name_in_upper_case=(
        "The name of a package is shown in upper case.",
        lambda call: put(call.forward(), "name", str.upper),
    ),
    has_time_as_in_mails=(
        "The time of publication is written as in a mail.",
        lambda call: put(
            call.forward(), "created_at", lambda value: moment(value).strftime("%a, %d %b %Y %H:%M:%S GMT")
        ),
    ),
    has_another_registry_slug=(
        "The slug of the registry is that of another one.",
        lambda call: put(call.forward(), "registry.slug", lambda value: f"{value}-production"),
    ),
)


@mutant("get_package", "A package that does not exist is answered with 200 and null.")
def get_package_shows_null_for_missing_ones(call: Call) -> Answer:
    answer = call.forward()
    return answer.with_status(200).with_json(None) if answer.status == 404 else answer


@mutant("get_package", "A package was published at another time each time.")
def get_package_changes_its_time(call: Call) -> Answer:
    number = call.memory["number"] = call.memory.get("number", 0) + 1
    return put(call.forward(), "created_at", lambda value: value[:14] + f"{number % 60:02}:00.000Z")


@mutant("get_package", "A package is answered as a page of HTML.")
def get_package_is_html(call: Call) -> Answer:
    answer = call.forward()
    return html(answer, "Package") if answer.ok else answer


@mutant("get_package", "A package is answered with a redirect to its page.")
def get_package_redirects(call: Call) -> Answer:
    answer = call.forward()
    return answer.with_status(302).with_header("Location", answer.json["web_url"]) if answer.ok else answer


# Copying


@mutant("copy_package", "A copied package is gone from the registry that it came from.")
def copy_package_moves(call: Call) -> Answer:
    answer = call.forward()
    if answer.ok:
        call.ask("delete_package")
    return answer


COPY_PACKAGE = mutants_of(
    "copy_package",
    changes_digests=(
        "The copy has other digests.",
        lambda call: put(call.forward(), "digests.sha256", lambda value: value[::-1]),
    ),
    changes_the_name=(
        "The copy has another name.",
        lambda call: put(call.forward(), "name", lambda value: f"{value}-copy"),
    ),
    changes_the_version=(
        "The copy has another version.",
        lambda call: put(call.forward(), "version", lambda value: f"{value}.1"),
    ),
    keeps_the_id=(
        "The copy is said to have the ID of what it was made from.",
        lambda call: put(call.forward(), "id", call.path["id"]),
    ),
    answers_created=("A copy is answered with 201.", lambda call: status(call.forward(), instead_of=200, now=201)),
)


@mutant("copy_package", "The answer shows the package that was copied rather than the copy.")
def copy_package_shows_the_source(call: Call) -> Answer:
    answer = call.forward()
    return answer.with_json(call.ask("get_package").json) if answer.ok else answer


@mutant("copy_package", "A copy into a registry of another ecosystem is accepted.")
def copy_package_accepts_other_ecosystems(call: Call) -> Answer:
    answer = call.forward()
    if answer.status == 422 and b"the package is of the ecosystem" in answer.body:
        source = call.ask("get_package").json
        there = call.ask("get_registry", registry_slug=call.query["to"]).json
        registry = {name: there[name] for name in source["registry"]}
        return answer.with_status(200).with_json({**source, "registry": registry})
    return answer


@mutant("copy_package", "A package of an ecosystem whose packages cannot be copied is copied.")
def copy_package_accepts_every_ecosystem(call: Call) -> Answer:
    answer = call.forward()
    if answer.status == 422 and b"cannot be copied" in answer.body:
        return answer.with_status(200).with_json(call.ask("get_package").json)
    return answer


@mutant("copy_package", "A copy replaces what is there already.")
def copy_package_overwrites(call: Call) -> Answer:
    answer, destination = call.forward(), call.query.get("to", "")
    there = there_already(call, answer, destination)
    if there is None or destination == call.path["registry_slug"]:
        return answer
    call.ask("delete_package", registry_slug=destination, id=there["id"])
    return call.forward()


@mutant("copy_package", "A copy of what is there already is answered with 200.")
def copy_package_finds_the_one_that_is_there(call: Call) -> Answer:
    answer, destination = call.forward(), call.query.get("to", "")
    there = there_already(call, answer, destination)
    return call.ask("get_package", registry_slug=destination, id=there["id"]) if there else answer


@mutant("copy_package", "A copy to a registry that does not exist is answered with 200.")
def copy_package_goes_nowhere(call: Call) -> Answer:
    answer = call.forward()
    found = call.ask("get_package") if answer.status == 404 else answer
    return found if found.ok else answer


@mutant("copy_package", "A copy to a registry that does not exist ends in a 500.")
def copy_package_fails_for_missing_registries(call: Call) -> Answer:
    answer = call.forward()
    return answer.error(500, "Internal Server Error") if answer.status == 404 and call.query.get("to") else answer


@mutant("copy_package", "The copy is as old as what it was made from.")
def copy_package_keeps_the_time(call: Call) -> Answer:
    answer, found = call.forward(), call.ask("get_package")
    return put(answer, "created_at", found.json["created_at"]) if answer.ok else answer


@mutant("copy_package", "A copy is answered as made, and is not there.")
def copy_package_keeps_nothing(call: Call) -> Answer:
    answer = call.forward()
    if answer.ok:
        call.ask("delete_package", registry_slug=call.query["to"], id=answer.json["id"])
    return answer


@mutant("copy_package", "Without a destination, the package itself is the answer.")
def copy_package_needs_no_destination(call: Call) -> Answer:
    answer = call.forward()
    found = call.ask("get_package") if answer.status == 422 and "to" not in call.query else answer
    return found if found.ok else answer


@mutant("copy_package", "All versions of the package are copied.")
def copy_package_copies_all_versions(call: Call) -> Answer:
    answer = call.forward()
    if answer.ok:
        for package in same_name(call, call.path["registry_slug"], {**answer.json, "id": call.path["id"]}):
            call.ask("copy_package", id=package, query={"to": call.query["to"]})
    return answer


@mutant("copy_package", "The address of the copy leads to the registry that it came from.")
def copy_package_has_url_of_source(call: Call) -> Answer:
    own = call.path["registry_slug"]
    return put(call.forward(), "url", lambda value: re.sub("/registries/[^/]+/", f"/registries/{own}/", value))


# Deleting


DELETE_PACKAGE = mutants_of(
    "delete_package",
    keeps_it=(
        "A deletion is answered with 200, and the package stays.",
        lambda call: pretended_deletion(call, call.ask("get_package")),
    ),
    answers_no_content=(
        "A deletion is answered with 204.",
        lambda call: status(call.forward(), instead_of=200, now=204),
    ),
)


@mutant("delete_package", "A deletion takes all versions of the package away.")
def delete_package_deletes_all_versions(call: Call) -> Answer:
    found = call.ask("get_package")
    answer = call.forward()
    if answer.ok and found.ok:
        for package in same_name(call, call.path["registry_slug"], found.json):
            call.ask("delete_package", id=package)
    return answer


@mutant("delete_package", "A deletion takes the copies in other registries away.")
def delete_package_deletes_copies(call: Call) -> Answer:
    found = call.ask("get_package")
    answer = call.forward()
    if answer.ok and found.ok:
        for slug in slugs(call):
            for package in packages_of(call, slug, found.json["name"]):
                if package["digests"] == found.json["digests"]:
                    call.ask("delete_package", registry_slug=slug, id=package["id"])
    return answer


@mutant("delete_package", "A deletion is answered with 404, and the package is gone.")
def delete_package_deletes_and_answers_not_found(call: Call) -> Answer:
    answer = call.forward()
    return answer.error(404, "No package found") if answer.ok else answer


@mutant("delete_package", "The deletion of a package that does not exist is answered with 200.")
def delete_package_deletes_missing_ones(call: Call) -> Answer:
    answer = call.forward()
    return deleted(answer) if answer.status == 404 else answer


@mutant("delete_package", "A package can be deleted by way of another registry.")
def delete_package_crosses_registries(call: Call) -> Answer:
    answer = call.forward()
    if answer.status == 404 and call.ask("get_registry").ok:
        for slug in slugs(call):
            found = call.ask("delete_package", registry_slug=slug)
            if found.ok:
                return found
    return answer


@mutant("delete_package", "The newest package of the registry is deleted rather than the one that was meant.")
def delete_package_deletes_the_newest(call: Call) -> Answer:
    listed = packages_of(call, call.path["registry_slug"])
    if not listed or not call.ask("get_package").ok:
        return call.forward()
    path = call.request.path.rstrip("/").rpartition("/")[0]
    return call.forward(replace(call.request, path=f"{path}/{listed[0]['id']}"))


@mutant("delete_package", "With the last package of a registry, the registry is deleted.")
def delete_package_deletes_the_registry(call: Call) -> Answer:
    answer = call.forward()
    if answer.ok and not packages_of(call, call.path["registry_slug"]):
        call.ask("delete_registry")
    return answer
