"""Packages: published, looked up, deleted."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from scripts.contract.flows.builders import (
    OTHER_POLICY,
    UNKNOWN_ID,
    Thing,
    built,
    check_origin,
    digests,
    in_order,
    listed,
    new_registry,
    new_token,
    path_of,
    publish,
    summary_of,
    thing,
    upload,
)
from scripts.contract.flows.flow import flow
from scripts.contract.flows.flow_client import SPEC, FlowClient, ecosystem_place, operation_place, schema_place
from scripts.samples import packages
from scripts.samples.ecosystems import BUILDERS, COPIED

PLACE = schema_place("Package")
NATIVE_TOOLS = [
    f"{ecosystem_place(number)}/native_tool" for number, each in enumerate(SPEC.ecosystems.values()) if each.native_tool
]
JAVA_GROUP = "org.example"


def python_file(name: str, tags: str | None) -> tuple[str, bytes]:
    """Build a wheel of some tags, or the sources where there are none."""
    return packages.wheel(name, "1.0.0", tags) if tags else packages.sdist(name, "1.0.0")


OF_VARIANT: Mapping[str, Callable[[str, Any], tuple[str, bytes]]] = {
    "alpine": lambda name, variant: packages.apk(name, "1.0.0", variant),
    "debian": lambda name, variant: packages.deb(name, "1.0.0", variant),
    "files": lambda name, variant: (f"{name}-1.0.0.{variant}", variant.encode()),
    "java": lambda name, variant: packages.jar(name, "1.0.0", classifier=variant),
    "python": python_file,
    "redhat": lambda name, variant: packages.rpm(name, "1.0.0", variant),
    "ruby": lambda name, variant: packages.gem(name, "1.0.0", variant),
}
"""By ecosystem, what builds a package of a name and a variant: an architecture, a platform, a classifier, tags."""

VARIANTS: Mapping[str, Sequence[str | None]] = {
    "alpine": ("x86_64", "aarch64"),
    "debian": ("amd64", "all", "musl-arm"),
    "files": ("txt", "TXT", "tar.gz", "gz"),
    "java": (None, "sources", "linux-x86_64"),
    "python": (None, "py3-none-any", "1-py3-none-any", "cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64"),
    "redhat": ("src", "noarch", "x86_64"),
    "ruby": (None, "arm64-darwin-22", "java"),
}
"""By ecosystem, variants that live beside each other."""
METADATA: Mapping[str, Mapping[str, Any]] = {
    "alpine": {"pkgdesc": "Über", "url": "https://example.com", "license": "MIT", "depend": ["one", "two"]},
    "debian": {"maintainer": "Nobody <nobody@example.com>", "description": "made for a test"},
    "files": {},
    "helm": {"apiVersion": "v2", "description": "made for a test"},
    "java": {"groupId": JAVA_GROUP},
    "javascript": {"description": "made for a test", "main": "index.js"},
    "nuget": {"authors": "Nobody", "description": "made for a test"},
    "python": {"metadata_version": "2.1", "summary": "made for a test"},
    "redhat": {"summary": "made for a test", "license": "MIT"},
    "ruby": {"summary": "made for a test"},
    "terraform": {"namespace": "terraform"},
}
"""By ecosystem, what the packages of `BUILDERS` say of themselves."""
WITHOUT_VARIANTS = ("helm", "javascript", "nuget", "terraform")
"""The ecosystems whose packages have a name and a version, and nothing that sets them apart beside it."""


def expect_package(api: FlowClient, package: Any, registry: dict[str, Any], content: bytes, what: str) -> None:
    """See that an answer shows a package of a registry, with the digests of its file."""
    package = thing(package)
    api.same(package.get("digests"), digests(content), f"the digests of {what}", schema_place("Package", "digests"))
    shown = thing(package.get("registry"))
    for name in ("id", "graphql_id", "slug", "url"):
        place = schema_place("PackageRegistry", name)
        api.same(shown.get(name), registry[name], f"the {name} of the registry of {what}", place)
    organization = thing(package.get("organization")).get("slug")
    place = schema_place("PackageOrganization", "slug")
    api.same(organization, api.target.organization, f"the organization of {what}", place)
    for name in ("created_at", "version", "variant", "metadata"):
        place = schema_place("Package", name)
        if name != "metadata" or api.target.kind == "emulator":  # elsewhere only the Go client knows of it
            api.true(name in package, f"{name} in {what}", sorted(package), place)
    check_origin(api, package, schema_place("PackageUrl"))


def same_package(api: FlowClient, received: Any, expected: dict[str, Any], what: str) -> None:
    """See that two answers show the same package."""
    api.same(received, expected, f"{what}, as before", PLACE)


@flow(
    settles=[
        schema_place("Package", "created_at"),
        schema_place("Package", "version"),
        schema_place("Package", "variant"),
        schema_place("PackageSummary", "variant"),
        schema_place("Digests"),
        schema_place("Digests", "sha256"),
        schema_place("Digests", "sha512"),
        schema_place("Ecosystem"),
    ]
)
def package_is_published(api: FlowClient) -> None:
    """A package of each ecosystem is published with the name, version and digests of its file, and found so."""
    ids = set()
    for ecosystem in BUILDERS:
        registry = new_registry(api, ecosystem)
        place = operation_place("publish_package")
        api.same(listed(api, registry), [], "the packages of a new registry", operation_place("list_packages"))
        made = []
        for version in ("1.0.0", "1.2.3"):
            name = f"banana{api.number()}"
            file = built(api, ecosystem, name, version)
            package = publish(api, registry, file)
            wanted = f"{JAVA_GROUP}:{name}" if ecosystem == "java" else name
            is_named = wanted in str(package.get("name"))  # some ecosystems add to it, such as a namespace
            api.true(is_named, f"{wanted} in the name", package.get("name"), schema_place("PackageName"))
            is_version = str(package.get("version")).startswith(version)  # .rpm and .apk add a release
            api.true(is_version, f"version {version}", package.get("version"), schema_place("Package", "version"))
            expect_package(api, package, registry, file[1], f"a package of {ecosystem}")
            found = api.call("get_package", registry["slug"], package["id"])
            same_package(api, found, package, "a package that is looked up")
            same_package(api, api.follow("get_package", path_of(package["url"])), package, "what its url leads to")
            picked = listed(api, registry, name=package["name"])
            api.same(picked, [summary_of(package)], "the packages of this name", operation_place("list_packages"))
            made.append(package)
            ids.add(package["id"])
        rows = listed(api, registry)
        wanted_rows = [summary_of(package) for package in reversed(made)]
        api.same(rows, wanted_rows, f"the packages of {ecosystem} in the list, the newest first", place)
        for package in made:
            found = api.call("get_package", registry["slug"], package["id"])
            same_package(api, found, package, "a package beside another")
        api.call("delete_package", registry["slug"], made[0]["id"])
        api.same(listed(api, registry), wanted_rows[:1], f"the packages of {ecosystem} without the first", place)
    count = 2 * len(BUILDERS)
    api.same(len(ids), count, "the number of ids of as many packages", schema_place("PackageId"))


@flow(settles=["Of two files of the same name, version and variant, a registry takes the first and refuses the other."])
def package_is_published_once(api: FlowClient) -> None:
    """A package that is there already is refused, and stays as it is."""
    registry = new_registry(api)
    first, second = packages.generic("banana", "1.0.0", b"first"), packages.generic("banana", "1.0.0", b"second")
    package = publish(api, registry, first)
    for file in (first, second):
        why = "the registry has this name and version"
        api.refused("ValidationFailed", "publish_package", registry["slug"], files=upload(file), why=why)
    same_package(api, api.call("get_package", registry["slug"], package["id"]), package, "the package that was there")
    rows = listed(api, registry)
    api.same(rows, [summary_of(package)], "the list after the refusal", operation_place("list_packages"))
    newer = publish(api, registry, packages.generic("banana", "1.0.1", b"first"))
    apart = publish(api, registry, packages.generic("banana-split", "1.0.0", b"first"))
    elsewhere = publish(api, new_registry(api), first)
    ids = {each["id"] for each in (package, newer, apart, elsewhere)}
    api.same(len(ids), 4, "the number of ids of four packages", schema_place("PackageId"))
    gems = new_registry(api, "ruby")
    gem = publish(api, gems, packages.gem("banana", "1.0.0"))
    why = "the registry has this gem"
    api.refused(
        "ValidationFailed", "publish_package", gems["slug"], files=upload(packages.gem("banana", "1.0.0")), why=why
    )
    api.same(listed(api, gems), [summary_of(gem)], "the gems after the refusal", operation_place("list_packages"))


@flow(settles=[schema_place("Package", "variant"), schema_place("PackageSummary", "variant")])
def variants_live_together(api: FlowClient) -> None:
    """Packages of the same name and version that differ in their variant are packages of their own."""
    place = schema_place("Package", "variant")
    for ecosystem, variants in VARIANTS.items():
        registry = new_registry(api, ecosystem)
        name = f"banana{api.number()}"
        files = [OF_VARIANT[ecosystem](name, variant) for variant in variants]
        made = [publish(api, registry, file) for file in files]
        shown = [each.get("variant") for each in made]
        api.same(len(set(map(str, shown))), len(made), f"the number of variants of {ecosystem}", place)
        if api.target.kind == "emulator":  # elsewhere nobody says how variants are spelt
            api.same(shown, list(variants), f"the variants of {ecosystem}", place)
        same = {(each["name"], each.get("version")) for each in made}
        api.true(len(same) == 1, "the same name and version for all", sorted(map(str, same)), PLACE)
        for each in made:
            found = api.call("get_package", registry["slug"], each["id"])
            same_package(api, found, each, "a variant that is looked up")
        rows = [summary_of(each) for each in reversed(made)]
        api.same(listed(api, registry), rows, "all variants in the list", operation_place("list_packages"))
        if ecosystem in COPIED:
            check_copied_variants(api, registry, made)
        why = "this variant is there already"
        for file in files:
            api.refused("ValidationFailed", "publish_package", registry["slug"], files=upload(file), why=why)
        api.call("delete_package", registry["slug"], made[0]["id"])
        api.refused("NotFound", "get_package", registry["slug"], made[0]["id"], why="the variant is deleted")
        for each in made[1:]:
            found = api.call("get_package", registry["slug"], each["id"])
            same_package(api, found, each, "a variant, without another")


def check_copied_variants(api: FlowClient, registry: Thing, made: list[Thing]) -> None:
    """Copy packages that differ in their variant alone, and see that the copies do too."""
    elsewhere = new_registry(api, registry["ecosystem"])
    to = {"to": elsewhere["slug"]}
    copies = [thing(api.call("copy_package", registry["slug"], each["id"], params=to)) for each in made]
    copied, shown = ([each.get("variant") for each in those] for those in (copies, made))
    api.same(copied, shown, f"the variants of copies of {registry['ecosystem']}", operation_place("copy_package"))
    for copy in copies:
        same_package(api, api.call("get_package", elsewhere["slug"], copy["id"]), copy, "a copy of a variant")
    rows = [summary_of(each) for each in reversed(copies)]
    api.same(listed(api, elsewhere), rows, "all copies in the list", operation_place("copy_package"))


@flow(settles=[schema_place("Package", "metadata"), schema_place("PackageMetadata")])
def metadata_is_what_the_file_says(api: FlowClient) -> None:
    """What a file says of itself is told when it is published, looked up and copied."""
    place = schema_place("Package", "metadata")
    for ecosystem, said in METADATA.items():
        registry, elsewhere = new_registry(api, ecosystem), new_registry(api, ecosystem)
        package = publish(api, registry)
        if api.target.kind == "emulator":  # elsewhere nobody says which names there are
            for name, value in said.items():
                received = thing(package.get("metadata")).get(name)
                api.same(received, value, f"{name} in the metadata of a package of {ecosystem}", place)
        same_package(api, api.call("get_package", registry["slug"], package["id"]), package, "a package looked up")
        if ecosystem in COPIED:
            to = {"to": elsewhere["slug"]}
            copy = thing(api.call("copy_package", registry["slug"], package["id"], params=to))
            api.same(copy.get("metadata"), package.get("metadata"), f"the metadata of a copy of {ecosystem}", place)
            same_package(api, api.call("get_package", elsewhere["slug"], str(copy.get("id"))), copy, "a copy looked up")


@flow()
def large_package_is_published(api: FlowClient) -> None:
    """A file of some megabytes is published whole, be there other form fields or not."""
    registry = new_registry(api)
    content = b"".join(number.to_bytes(4, "big") for number in range(1 << 19))
    file = upload(packages.generic("banana", "1.0.0", content))
    # With a form field that nobody knows, as the schema of the form is open.
    package = thing(api.call("publish_package", registry["slug"], files=file, data={"unheard_of": "1"}))
    expect_package(api, package, registry, content, "a large package")


@flow()
def things_agree_about_what_they_share(api: FlowClient) -> None:
    """Packages and registry tokens name the same organization and the same registry alike."""
    registry = new_registry(api)
    made = [publish(api, registry), publish(api, registry)]
    token = new_token(api, registry)
    for name in ("id", "slug"):
        wanted = thing(made[0].get("organization")).get(name)
        for each in (made[1], token):
            place = schema_place("PackageOrganization", name)
            api.same(thing(each.get("organization")).get(name), wanted, f"the {name} of the organization", place)
    api.same(made[1].get("organization"), made[0].get("organization"), "the organization", PLACE)
    api.same(made[1].get("registry"), made[0].get("registry"), "the registry", PLACE)
    in_order(api, [str(each.get("created_at")) for each in made], schema_place("Package", "created_at"))


@flow(settles=[schema_place("Ecosystem"), *NATIVE_TOOLS])
def wrong_packages_are_refused(api: FlowClient) -> None:
    """What is no package of the registry's ecosystem is refused, and nothing is stored."""
    field = SPEC.operations["publish_package"].file_field
    for ecosystem in BUILDERS:
        registry = new_registry(api, ecosystem)
        name, content = built(api, ecosystem)
        wrong: list[tuple[str, dict[str, Any]]] = [
            ("there is no file", {"files": {"other": (name, content)}}),
            ("there is no body", {}),
        ]
        if ecosystem != "files":
            wrong += [
                ("the file is cut short", {"files": {field: (name, content[: len(content) // 4])}}),
                ("the file is empty", {"files": {field: (name, b"")}}),
                ("the file is of another ecosystem", {"files": {field: packages.generic("banana", "1.0.0", b"text")}}),
            ]
        else:
            wrong.append(("the file has no version", {"files": {field: ("banana.txt", b"text")}}))
        for why, arguments in wrong:
            api.refused("ValidationFailed", "publish_package", registry["slug"], why=why, **arguments)
        api.same(listed(api, registry), [], "the packages after refusals", operation_place("publish_package"))
    for ecosystem, each in SPEC.ecosystems.items():
        if each.native_tool:
            registry = new_registry(api, ecosystem)
            file = upload(packages.generic("banana", "1.0.0"))
            why = f"packages of {ecosystem} do not come as one file"
            api.refused("ValidationFailed", "publish_package", registry["slug"], files=file, why=why)


@flow()
def package_is_deleted(api: FlowClient) -> None:
    """A package that is deleted is gone, no other is, and it can be published anew."""
    registry, elsewhere = new_registry(api, oidc_policy=OTHER_POLICY), new_registry(api)
    files = [
        packages.generic(name, version) for name in ("banana", "grapes") for version in ("1.0.0", "1.1.0", "2.0.0")
    ]
    made = [publish(api, registry, file) for file in files]
    foreign = publish(api, elsewhere, files[0])
    gone = made[1]
    api.call("delete_package", registry["slug"], gone["id"])
    for operation in ("get_package", "delete_package"):
        api.refused("NotFound", operation, registry["slug"], gone["id"], why="the package is deleted")
    why = "the package is deleted"
    to = {"to": elsewhere["slug"]}
    api.refused("NotFound", "copy_package", registry["slug"], gone["id"], params=to, why=why)
    left = [each for each in made if each["id"] != gone["id"]]
    expected = [summary_of(each) for each in reversed(left)]
    place = operation_place("delete_package")
    api.same(listed(api, registry), expected, "the packages that are left, the newest first", place)
    rows = [each for each in expected if each["name"] == gone["name"]]
    api.same(listed(api, registry, name=gone["name"]), rows, "the packages of its name that are left", place)
    for package in left:
        same_package(api, api.call("get_package", registry["slug"], package["id"]), package, "another package")
    found = api.call("get_package", elsewhere["slug"], foreign["id"])
    same_package(api, found, foreign, "the same package in another registry")
    anew = (files[1][0], b"other bytes than before")
    again = publish(api, registry, anew)
    expect_package(api, again, registry, anew[1], "a package that was published anew")
    ids = [each["id"] for each in made]
    api.true(again["id"] not in ids, "an id that no package had", again["id"], schema_place("PackageId"))
    rows = [summary_of(again), *expected]
    api.same(listed(api, registry), rows, "the packages with the one that was published anew", place)
    api.same(thing(api.call("get_registry", registry["slug"])), registry, "the registry, as before", place)
    api.refused("NotFound", "delete_package", registry["slug"], UNKNOWN_ID, why="no package has this id")
