"""Mutants that alter, refuse or mix up packages with unusual files, versions, variants or names."""

import re
import unicodedata
from collections.abc import Callable

from scripts.contract.mutants import *
from tests.contract.mutants import PACKAGES

MIB = 1024 * 1024


def wrong(digests: dict[str, str]) -> dict[str, str]:
    """Change the first digit of each digest."""
    return {name: f"{'0' if value[0] != '0' else '1'}{value[1:]}" for name, value in digests.items()}


def wrong_digests(when: Callable[[bytes], bool], *, at_once: bool = True) -> Behaviour:
    """Return a behaviour that shows wrong digests of certain files, from their publication on or only later."""

    def behaviour(call: Call) -> Answer:
        answer, is_publication = call.forward(), call.operation == "publish_package"
        if is_publication and answer.ok and call.request.file and when(call.request.file[2]):
            call.memory[answer.json["digests"]["sha256"]] = True
        if is_publication and not at_once:
            return answer
        return put(answer, "digests", lambda value: wrong(value) if value["sha256"] in call.memory else value)

    return behaviour


def ecosystem(call: Call) -> str:
    """Look up the ecosystem of the registry of a call."""
    slug = call.path["registry_slug"]
    if slug not in call.memory:
        found = call.ask("get_registry", registry_slug=slug)
        call.memory[slug] = found.json["ecosystem"] if found.ok else ""
    return str(call.memory[slug])


def told(name: str, of: str, change: Callable[[str], str | None]) -> Behaviour:
    """Return a behaviour that changes a property of packages in registries of an ecosystem."""

    def behaviour(call: Call) -> Answer:
        answer = call.forward()
        if not shown(answer) or ecosystem(call) != of:
            return answer
        return put(answer, name, lambda value: value and change(value))

    return behaviour


def filters(fold: Callable[[str], str], of: str | None = None) -> Behaviour:
    """Return a behaviour that compares folded names in the filter by name; it answers one page."""

    def behaviour(call: Call) -> Answer:
        name = call.query.get("name")
        if name is None or (of and ecosystem(call) != of):
            return call.forward()
        everything = call.forward(call.request.with_query(name=None, per_page=100))
        return items(everything, lambda all_: [package for package in all_ if fold(package["name"]) == fold(name)])

    return behaviour


def plain(text: str) -> str:
    """Remove accents."""
    return "".join(letter for letter in unicodedata.normalize("NFD", text) if not unicodedata.combining(letter))


def project(text: str) -> str:
    """Write the name of a project in Python in its normal form."""
    return re.sub("[-_.]+", "-", text).lower()


DIGESTS = mutants_of(
    PACKAGES,
    digests_5_mib=("Digests are wrong from 5 MiB on.", wrong_digests(lambda file: len(file) >= 5 * MIB)),
    digests_above_8_mib=wrong_digests(lambda file: len(file) > 8 * MIB),
    digests_16_mib=("Digests are wrong from 16 MiB on.", wrong_digests(lambda file: len(file) >= 16 * MIB)),
    digests_of_whole_parts=wrong_digests(lambda file: len(file) > 0 and len(file) % (8 * MIB) == 0),
    digests_short_of_a_part=wrong_digests(lambda file: len(file) == 5 * MIB - 1),
    digests_of_whole_blocks=wrong_digests(lambda file: 0 < len(file) < MIB and len(file) % 65536 == 0),
    digests_of_one_byte=wrong_digests(lambda file: len(file) == 1),
)


@mutant("publish_package", "A file above 10 MiB is refused.")
def publish_package_refuses_10_mib(call: Call) -> Answer:
    answer = call.forward()
    is_large = bool(call.request.file) and len(call.request.body) > 10 * MIB
    return undone(call, answer, "File is too large") if answer.ok and is_large else answer


later = wrong_digests(lambda file: len(file) >= 5 * MIB, at_once=False)
GET_PACKAGE = mutants_of(("get_package", "publish_package"), digests_5_mib=later)
COPY_PACKAGE = mutants_of(("copy_package", "publish_package"), digests_5_mib=later)
PUBLISH_PACKAGE = mutants_of(
    "publish_package",
    digests_of_lines=wrong_digests(lambda file: len(file) < MIB and file.endswith(b"\n")),
    digests_of_dashes=wrong_digests(lambda file: len(file) < MIB and b"\r\n--" in file),
    digests_of_zeros=wrong_digests(lambda file: len(file) < 512 and file.endswith(b"\0")),
)


@mutant(("publish_package", "delete_package"), "What is published anew has the digests that it had before.")
def publish_package_remembers_digests(call: Call) -> Answer:
    answer = call.forward()
    if call.operation == "delete_package" or not answer.ok:
        return answer
    package = answer.json
    what = (package["registry"]["id"], package["name"], package["version"], package["variant"])
    return put(answer, "digests", call.memory.setdefault(what, package["digests"]))


VARIANTS = mutants_of(
    PACKAGES,
    loses_classifiers=told("variant", "java", lambda _: None),
    loses_tags=told("variant", "python", lambda _: None),
    loses_builds=told("variant", "python", lambda value: re.sub("^[0-9][^-]*-", "", value)),
    tells_the_platform=told("variant", "python", lambda value: value.rpartition("-")[2]),
    loses_all=told("variant", "debian", lambda value: None if value == "all" else value),
    loses_src=told("variant", "redhat", lambda value: "noarch" if value == "src" else value),
    dashes_architectures=told("variant", "alpine", lambda value: value.replace("_", "-")),
    cuts_platforms=told("variant", "ruby", lambda value: re.sub("-?[0-9]+$", "", value)),
    folds_extensions=told("variant", "files", str.lower),
    tells_one_extension=told("variant", "files", lambda value: value.rpartition(".")[2]),
    normalizes_projects=told("name", "python", project),
)

VARIANTS_OF_COPIES = mutants_of(
    "copy_package",
    loses_tags=told("variant", "python", lambda _: None),
    loses_extensions=told("variant", "files", lambda _: None),
)


def collides(of: str) -> Behaviour:
    """Return a behaviour that refuses a package if its name and version exist in any variant."""

    def behaviour(call: Call) -> Answer:
        answer = call.forward()
        if not answer.ok or ecosystem(call) != of:
            return answer
        found = shown(call.ask("list_packages", query={"name": answer.json["name"], "per_page": 100}))
        same = [package for package in found if package["version"] == answer.json["version"]]
        return undone(call, answer, "it is there already") if len(same) > 1 else answer

    return behaviour


COLLISIONS = mutants_of(
    "publish_package",
    refuses_classifiers=("A jar of another classifier is refused.", collides("java")),
    refuses_tags=("A wheel of other tags is refused.", collides("python")),
    refuses_extensions=("A file of another extension is refused.", collides("files")),
)

VERSIONS_AND_NAMES = mutants_of(
    PACKAGES,
    loses_plus=changed(put, "version", lambda value: value.replace("+", " ")),
    loses_tildes=changed(put, "version", lambda value: value.replace("~", "-")),
    loses_epochs=changed(put, "version", lambda value: value.rpartition(":")[2]),
    folds_versions=changed(put, "version", str.lower),
    cuts_versions=changed(put, "version", lambda value: value[:32]),
    cuts_names=changed(put, "name", lambda value: value[:64]),
    loses_accents=changed(put, "name", plain),
    composes_names=changed(put, "name", composed),
)

FILTERS_BY_NAME = mutants_of(
    "list_packages",
    composes_names=filters(composed),
    takes_compatible_letters=filters(lambda name: unicodedata.normalize("NFKC", name)),
    mixes_up_signs=filters(lambda name: re.sub("[-_.]", "-", name)),
    mixes_up_dashes=filters(lambda name: name.replace("_", "-")),
    joins_signs=filters(lambda name: re.sub("([-_.])+", r"\1", name)),
    ignores_accents=filters(plain),
    folds_letters=filters(lambda name: "".join(each if each.isascii() else each.casefold() for each in name)),
    compares_the_start=filters(lambda name: name[:64]),
    ignores_scopes=filters(lambda name: name.rpartition("/")[2], "javascript"),
    ignores_groups=filters(lambda name: name.rpartition(":")[2], "java"),
    folds_names_of_nuget=filters(str.lower, "nuget"),
    normalizes_projects=filters(project, "python"),
    ignores_blanks=filters(lambda name: name.replace(" ", "")),
)


@mutant("list_packages", "A filter by name takes an underscore for any letter.")
def list_packages_takes_wildcards(call: Call) -> Answer:
    name = call.query.get("name")
    if name is None or "_" not in name:
        return call.forward()
    pattern = re.compile(re.escape(name).replace("_", "."))
    answer = call.forward(call.request.with_query(name=None, per_page=100))
    return items(answer, lambda all_: [package for package in all_ if pattern.fullmatch(package["name"])])


@mutant("list_packages", "A filter by name does not find a plus.")
def list_packages_loses_plus(call: Call) -> Answer:
    name = call.query.get("name", "")
    return call.forward(call.request.with_query(name=name.replace("+", " "))) if "+" in name else call.forward()
