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


@mutant("publish_package", "A published package is answered with 201.")
def publish_package_answers_created(call: Call) -> Answer:
    return status(call.forward(), instead_of=200, now=201)


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


@mutant("publish_package", "The version lacks its last number.")
def publish_package_shortens_versions(call: Call) -> Answer:
    return put(call.forward(), "version", lambda value: value and value.rpartition(".")[0])


@mutant("publish_package", "The version is null.")
def publish_package_has_null_version(call: Call) -> Answer:
    return put(call.forward(), "version", None)


@mutant("publish_package", "The version is missing.")
def publish_package_without_version(call: Call) -> Answer:
    return drop(call.forward(), "version")


@mutant("publish_package", "The name has the version at its end.")
def publish_package_has_version_in_name(call: Call) -> Answer:
    return each(call.forward(), lambda package: package.update(name=f"{package['name']}-{package['version']}"))


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


@mutant("publish_package", "A package was published in the year 2099.")
def publish_package_comes_from_the_future(call: Call) -> Answer:
    return put(call.forward(), "created_at", lambda value: f"2099{value[4:]}")


@mutant("publish_package", "The time of publication is missing.")
def publish_package_without_created_at(call: Call) -> Answer:
    return drop(call.forward(), "created_at")


@mutant("publish_package", "The address of a package lies under the organization.")
def publish_package_has_another_url(call: Call) -> Answer:
    return put(call.forward(), "url", lambda value: re.sub("/registries/[^/]+/", "/", value))


@mutant("publish_package", "The organization's ID is written without dashes and with a prefix.")
def publish_package_has_organization_id_with_prefix(call: Call) -> Answer:
    return put(call.forward(), "organization.id", lambda value: "org_" + value.replace("-", ""))


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


@mutant("publish_package", "Each package is said to have the ID of the first one.")
def publish_package_reuses_the_id(call: Call) -> Answer:
    return put(call.forward(), "id", lambda value: call.memory.setdefault("id", value))


@mutant("publish_package", "A form with a further field is refused.")
def publish_package_refuses_further_fields(call: Call) -> Answer:
    answer = call.forward()
    if answer.ok and call.request.body.count(b"Content-Disposition") > 1:
        call.ask("delete_package", id=answer.json["id"])
        return answer.error(422, "Validation failed: there is more than a file")
    return answer


# Listing


@mutant("list_packages", "The oldest packages come first.")
def list_packages_reverses_the_order(call: Call) -> Answer:
    return items(call.forward(), lambda all_: all_[::-1])


@mutant("list_packages", "Packages are in the order of their names.")
def list_packages_sorts_by_name(call: Call) -> Answer:
    return items(call.forward(), lambda all_: sorted(all_, key=lambda each: str(each["name"])))


@mutant("list_packages", "A filter by name changes nothing.")
def list_packages_ignores_the_name(call: Call) -> Answer:
    return call.forward(call.request.with_query(name=None))


def filtered(call: Call, fits: Any) -> Answer:
    """Filter the packages of a registry by name in another way."""
    answer, name = call.forward(), call.query.get("name")
    if not answer.ok or name is None:
        return answer
    found = [each for each in packages_of(call, call.path["registry_slug"]) if fits(each["name"], name)]
    return items(answer, lambda _: found)


@mutant("list_packages", "A filter by name finds names that begin with it.")
def list_packages_filters_by_prefix(call: Call) -> Answer:
    return filtered(call, lambda name, wanted: name.startswith(wanted))


@mutant("list_packages", "A filter by name finds names that have it in them.")
def list_packages_filters_by_part(call: Call) -> Answer:
    return filtered(call, lambda name, wanted: wanted in name)


@mutant("list_packages", "A filter by name does not tell upper from lower case.")
def list_packages_filters_without_case(call: Call) -> Answer:
    return filtered(call, lambda name, wanted: name.lower() == wanted.lower())


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


@mutant("list_packages", "Page 0 is accepted.")
def list_packages_accepts_page_0(call: Call) -> Answer:
    return call.forward(call.request.with_query(page=1)) if call.query.get("page") == "0" else call.forward()


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


@mutant("list_packages", "The address of the page is that of the next one.")
def list_packages_has_another_self(call: Call) -> Answer:
    return relinked(call.forward(), lambda links: {**links, "self": links.get("next", f"{links['self']}?page=2")})


@mutant("list_packages", "A page has no link to the next one.")
def list_packages_without_next(call: Call) -> Answer:
    return relinked_throughout(call.forward(), without("next"))


@mutant("list_packages", "The link to the next page leads to the page itself.")
def list_packages_has_next_of_itself(call: Call) -> Answer:
    return relinked_throughout(
        call.forward(), lambda links: {name: links["self"] if name == "next" else links[name] for name in links}
    )


@mutant("list_packages", "The last page has a link to a next one.")
def list_packages_never_ends(call: Call) -> Answer:
    def go_on(links: dict[str, str]) -> dict[str, str]:
        number = int(call.query.get("page", "1")) + 1
        address = re.sub(r"(?<=[?&]page=)[0-9]+", str(number), links["self"])
        if address == links["self"]:
            address += ("&" if "?" in address else "?") + f"page={number}"
        return {"next": address, **links}

    return relinked_throughout(call.forward(), go_on)


@mutant("list_packages", "The link to the page before leads to the first one.")
def list_packages_has_prev_of_first(call: Call) -> Answer:
    return relinked_throughout(
        call.forward(), lambda links: {name: links["first"] if name == "prev" else links[name] for name in links}
    )


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


@mutant("list_packages", "Pages have no link to the first one.")
def list_packages_without_first(call: Call) -> Answer:
    return relinked_throughout(call.forward(), without("first"))


@mutant("list_packages", "Pages have no link to the last one.")
def list_packages_without_last(call: Call) -> Answer:
    return relinked_throughout(call.forward(), without("last"))


@mutant("list_packages", "Links forget how many items are on a page.")
def list_packages_drops_per_page_in_links(call: Call) -> Answer:
    return relinked_throughout(call.forward(), query_cut("per_page"))


@mutant("list_packages", "Links forget the name that is looked for.")
def list_packages_drops_name_in_links(call: Call) -> Answer:
    return relinked_throughout(call.forward(), query_cut("name"))


@mutant("list_packages", "There is no Link header.")
def list_packages_without_link_header(call: Call) -> Answer:
    return call.forward().without_header("Link")


@mutant("list_packages", "The Link header leads to other pages than the links in the body.")
def list_packages_has_another_link_header(call: Call) -> Answer:
    answer = call.forward()
    link = answer.header("Link")
    numbered = link and re.sub("([?&]page=)([0-9]+)", lambda found: f"{found[1]}{int(found[2]) + 1}", link)
    return answer.with_header("Link", numbered) if numbered else answer


@mutant("list_packages", "Links lead to plain paths without a host.")
def list_packages_has_relative_links(call: Call) -> Answer:
    return relinked(
        call.forward(), lambda links: {name: "/" + address.split("/", 3)[3] for name, address in links.items()}
    )


@mutant("list_packages", "The links are missing.")
def list_packages_without_links(call: Call) -> Answer:
    return reshape(call.forward(), lambda page: {"items": page["items"]})


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


@mutant("list_packages", "The list lacks the newest package.")
def list_packages_lacks_the_newest(call: Call) -> Answer:
    return items(call.forward(), lambda all_: all_[1:]) if call.query.get("page", "1") == "1" else call.forward()


@mutant("list_packages", "The packages are called packages rather than items.")
def list_packages_renames_items(call: Call) -> Answer:
    return reshape(call.forward(), lambda page: {"packages": page["items"], "links": page["links"]})


@mutant("list_packages", "The packages of a page come as an object, by their IDs.")
def list_packages_has_items_by_id(call: Call) -> Answer:
    return reshape(call.forward(), lambda page: {**page, "items": {each["id"]: each for each in page["items"]}})


@mutant("list_packages", "The list comes without the object around it.")
def list_packages_is_a_bare_list(call: Call) -> Answer:
    return reshape(call.forward(), lambda page: page["items"])


@mutant("list_packages", "A page tells how many packages there are.")
def list_packages_has_a_total(call: Call) -> Answer:
    return reshape(call.forward(), lambda page: {**page, "total": len(page["items"])})


@mutant("list_packages", "The version is null in the list.")
def list_packages_has_null_versions(call: Call) -> Answer:
    return put(call.forward(), "version", None)


@mutant("list_packages", "The time of publication has no zone.")
def list_packages_has_times_without_zone(call: Call) -> Answer:
    return put(call.forward(), "created_at", lambda value: value.removesuffix("Z"))


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


@mutant("get_package", "The organization is null.")
def get_package_has_null_organization(call: Call) -> Answer:
    return put(call.forward(), "organization", None)


@mutant("get_package", "A package that does not exist is answered with 200 and null.")
def get_package_shows_null_for_missing_ones(call: Call) -> Answer:
    answer = call.forward()
    return answer.with_status(200).with_json(None) if answer.status == 404 else answer


@mutant("get_package", "A package that does not exist ends in a 500.")
def get_package_fails_for_missing_ones(call: Call) -> Answer:
    return status(call.forward(), instead_of=404, now=500)


@mutant("get_package", "A package was published at another time each time.")
def get_package_changes_its_time(call: Call) -> Answer:
    number = call.memory["number"] = call.memory.get("number", 0) + 1
    return put(call.forward(), "created_at", lambda value: value[:14] + f"{number % 60:02}:00.000Z")


@mutant("get_package", "The version is a number.")
def get_package_has_version_as_number(call: Call) -> Answer:
    return put(call.forward(), "version", lambda value: float(".".join(re.findall("[0-9]+", f"{value} 0")[:2])))


@mutant("get_package", "The digests are a list.")
def get_package_has_digests_as_list(call: Call) -> Answer:
    return put(call.forward(), "digests", lambda value: list(value.values()))


@mutant("get_package", "The registry is missing.")
def get_package_without_registry(call: Call) -> Answer:
    return drop(call.forward(), "registry")


@mutant("get_package", "A package is answered as a page of HTML.")
def get_package_is_html(call: Call) -> Answer:
    answer = call.forward()
    return html(answer, "Package") if answer.ok else answer


@mutant("get_package", "A package is answered with a redirect to its page.")
def get_package_redirects(call: Call) -> Answer:
    answer = call.forward()
    return answer.with_status(302).with_header("Location", answer.json["web_url"]) if answer.ok else answer


@mutant("get_package", "The answer has a further property, the size of the file.")
def get_package_has_a_size(call: Call) -> Answer:
    return put(call.forward(), "size", 4096)


@mutant("get_package", "The name of a package is shown in upper case.")
def get_package_has_name_in_upper_case(call: Call) -> Answer:
    return put(call.forward(), "name", str.upper)


@mutant("get_package", "The time of publication is written as in a mail.")
def get_package_has_time_as_in_mails(call: Call) -> Answer:
    return put(call.forward(), "created_at", lambda value: moment(value).strftime("%a, %d %b %Y %H:%M:%S GMT"))


@mutant("get_package", "The slug of the registry is that of another one.")
def get_package_has_another_registry_slug(call: Call) -> Answer:
    return put(call.forward(), "registry.slug", lambda value: f"{value}-production")


# Copying


@mutant("copy_package", "A copied package is gone from the registry that it came from.")
def copy_package_moves(call: Call) -> Answer:
    answer = call.forward()
    if answer.ok:
        call.ask("delete_package")
    return answer


@mutant("copy_package", "The copy has other digests.")
def copy_package_changes_digests(call: Call) -> Answer:
    return put(call.forward(), "digests.sha256", lambda value: value[::-1])


@mutant("copy_package", "The copy has another name.")
def copy_package_changes_the_name(call: Call) -> Answer:
    return put(call.forward(), "name", lambda value: f"{value}-copy")


@mutant("copy_package", "The copy has another version.")
def copy_package_changes_the_version(call: Call) -> Answer:
    return put(call.forward(), "version", lambda value: f"{value}.1")


@mutant("copy_package", "The copy is said to have the ID of what it was made from.")
def copy_package_keeps_the_id(call: Call) -> Answer:
    return put(call.forward(), "id", call.path["id"])


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


@mutant("copy_package", "A copy is answered with 201.")
def copy_package_answers_created(call: Call) -> Answer:
    return status(call.forward(), instead_of=200, now=201)


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


@mutant("delete_package", "A deletion is answered with 200, and the package stays.")
def delete_package_keeps_it(call: Call) -> Answer:
    return pretended_deletion(call, call.ask("get_package"))


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


@mutant("delete_package", "A deletion is answered with 204.")
def delete_package_answers_no_content(call: Call) -> Answer:
    return status(call.forward(), instead_of=200, now=204)


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
