"""Copies of packages."""

from typing import Any

from scripts.contract.flows.builders import (
    UNCOPIED,
    UNKNOWN_ID,
    built,
    in_order,
    listed,
    new_registry,
    path_of,
    publish,
    summary_of,
    thing,
)
from scripts.contract.flows.flow import flow
from scripts.contract.flows.flow_client import SPEC, FlowClient, operation_place, schema_place
from scripts.samples import packages
from scripts.samples.ecosystems import COPIED
from tests.contract.flows.packages import expect_package, same_package

PLACE = operation_place("copy_package")
KEPT = ("name", "version", "variant", "metadata", "digests")


@flow(settles=[schema_place("Ecosystem")])
def package_is_copied(api: FlowClient) -> None:
    """A copy is the same package in another registry, and leaves the first as it was."""
    for ecosystem in COPIED:
        source, destination = new_registry(api, ecosystem), new_registry(api, ecosystem)
        file, other = built(api, ecosystem), built(api, ecosystem)
        beside = publish(api, source, other)
        package = publish(api, source, file)
        there = publish(api, destination, other)
        query = {"to": destination["slug"]}
        copy = thing(api.call("copy_package", source["slug"], package["id"], params=query))
        for name in KEPT:
            if name in package or name in copy:
                api.same(copy.get(name), package.get(name), f"the {name} of a copy, as in the first", PLACE)
        expect_package(api, copy, destination, file[1], f"a copy of {ecosystem}")
        ids = (package["id"], there["id"], beside["id"])
        api.true(copy["id"] not in ids, "another id than any package has", copy["id"], schema_place("PackageId"))
        times = [str(each.get("created_at")) for each in (package, copy)]
        in_order(api, times, schema_place("Package", "created_at"))
        for registry, shown, what in (
            (source, package, "the package that was copied"),
            (source, beside, "a package beside it"),
            (destination, copy, "a copy that is looked up"),
            (destination, there, "what was there before the copy"),
        ):
            same_package(api, api.call("get_package", registry["slug"], shown["id"]), shown, what)
        same_package(api, api.follow("get_package", path_of(copy["url"])), copy, "what the url of a copy leads to")
        rows = [summary_of(copy), summary_of(there)]
        api.same(listed(api, destination), rows, "the list where the copy went", PLACE)
        rows = [summary_of(package), summary_of(beside)]
        api.same(listed(api, source), rows, "the list where the copy came from", PLACE)
        api.refused("NotFound", "get_package", source["slug"], copy["id"], why="the copy is in another registry")


@flow()
def copies_live_apart(api: FlowClient) -> None:
    """A copy stays when the first is deleted, and the first when a copy is."""
    source, destination = new_registry(api), new_registry(api)
    file = packages.generic("banana", "1.0.0", b"text")
    package = publish(api, source, file)
    query = {"to": destination["slug"]}
    newer = publish(api, source, packages.generic("banana", "1.1.0"))  # another version, which stays where it is
    first = thing(api.call("copy_package", source["slug"], package["id"], params=query))
    api.same(listed(api, destination), [summary_of(first)], "the list with a copy of one version", PLACE)
    api.call("delete_package", destination["slug"], first["id"])
    same_package(api, api.call("get_package", source["slug"], package["id"]), package, "the first, without its copy")
    api.same(listed(api, destination), [], "the list without the copy", operation_place("delete_package"))
    second = thing(api.call("copy_package", source["slug"], package["id"], params=query))
    api.true(second["id"] != first["id"], "an id that no package had", second["id"], schema_place("PackageId"))
    api.call("delete_package", source["slug"], package["id"])
    same_package(api, api.call("get_package", destination["slug"], second["id"]), second, "a copy without the first")
    back = {"to": source["slug"]}
    third = thing(api.call("copy_package", destination["slug"], second["id"], params=back))
    expect_package(api, third, source, file[1], "a copy of a copy")
    api.call("delete_registry", destination["slug"])
    same_package(api, api.call("get_package", source["slug"], third["id"]), third, "a copy, without the other registry")
    rows = [summary_of(third), summary_of(newer)]
    api.same(listed(api, source), rows, "its list, without the other registry", operation_place("delete_registry"))


@flow(
    settles=[
        "A copy to a registry that has the package already is refused, and so is one to its own registry.",
        "A copy to a registry that does not exist is answered with 404.",
        schema_place("Ecosystem"),
    ]
)
def wrong_copies_are_refused(api: FlowClient) -> None:
    """A copy that cannot be right is refused, and nothing is copied."""
    source, destination = new_registry(api), new_registry(api)
    package = publish(api, source, packages.generic("banana", "1.0.0", b"first"))
    there = publish(api, destination, packages.generic("banana", "1.0.0", b"second"))

    def refused(
        error: str, to: dict[str, str], why: str, registry: Any = source, identifier: Any = package["id"]
    ) -> None:
        api.refused(error, "copy_package", registry["slug"], identifier, params=to, why=why)

    refused("ValidationFailed", {}, "it does not say where to")
    refused("ValidationFailed", {"to": ""}, "it names no registry to copy to")
    refused("ValidationFailed", {"to": destination["slug"]}, "a package of this name and version is there")
    refused("ValidationFailed", {"to": source["slug"]}, "the package is in this registry already")
    refused("NotFound", {"to": f"{api.target.prefix}-no-such-registry"}, "there is no such registry to copy to")
    if api.target.kind == "emulator":  # nobody says that elsewhere a slug is not found in other letters
        refused("NotFound", {"to": new_registry(api)["slug"].upper()}, "slugs are in lower case")
    refused("NotFound", {"to": destination["slug"]}, "no package has this id", identifier=UNKNOWN_ID)
    refused("NotFound", {"to": source["slug"]}, "the package is in another registry", destination)
    rows = {"source": (source, package), "destination": (destination, there)}
    for what, (registry, shown) in rows.items():
        api.same(listed(api, registry), [summary_of(shown)], f"the list of the {what} after refusals", PLACE)
    for ecosystem in SPEC.ecosystems:
        if ecosystem != source["ecosystem"]:
            other = new_registry(api, ecosystem)
            refused("ValidationFailed", {"to": other["slug"]}, f"packages of files cannot go into one of {ecosystem}")
            api.same(listed(api, other), [], "the packages of another ecosystem's registry", PLACE)
    for ecosystem in UNCOPIED:
        registry, other = new_registry(api, ecosystem), new_registry(api, ecosystem)
        kept = publish(api, registry)
        refused(
            "ValidationFailed", {"to": other["slug"]}, f"packages of {ecosystem} cannot be copied", registry, kept["id"]
        )
        api.same(listed(api, other), [], "the packages where no copy went", PLACE)
        found = api.call("get_package", registry["slug"], kept["id"])
        same_package(api, found, kept, "a package that cannot be copied")
