"""Packages whose files, versions, variants or names are unusual, and that are altered, refused or mixed up for it."""

import re
import unicodedata
from collections.abc import Callable
from typing import Any

from scripts.contract.mutants import Answer, Call, each, items, mutant, mutant_of_each, mutants_of, put, shown

PACKAGES = ("publish_package", "list_packages", "get_package", "copy_package")
MIB = 1024 * 1024
Thing = dict[str, Any]


def of_size(call: Call, when: Callable[[int], bool]) -> Answer:
    """Show wrong digests where the size of a file is such, from its publication on."""
    answer = call.forward()
    if call.operation == "publish_package" and answer.ok and call.request.file and when(len(call.request.file[2])):
        call.memory[answer.json["digests"]["sha256"]] = True
    return put(answer, "digests", lambda value: wrong(value) if value["sha256"] in call.memory else value)


def wrong(digests: Thing) -> Thing:
    """Change digests."""
    return {name: f"{'0' if value[0] != '0' else '1'}{value[1:]}" for name, value in digests.items()}


def ecosystem(call: Call) -> str:
    """Look up the ecosystem of the registry of a call."""
    slug = call.path["registry_slug"]
    if slug not in call.memory:
        found = call.ask("get_registry", registry_slug=slug)
        call.memory[slug] = found.json["ecosystem"] if found.ok else ""
    return str(call.memory[slug])


def variants(call: Call, of: str, change: Callable[[str], str | None]) -> Answer:
    """Show other variants in the registries of an ecosystem."""
    answer = call.forward()
    if not shown(answer) or ecosystem(call) != of:
        return answer
    return put(answer, "variant", lambda value: value and change(value))


def refused(call: Call, answer: Answer, why: str) -> Answer:
    """Take back what was published, and refuse it."""
    call.ask("delete_package", id=answer.json["id"])
    return answer.error(422, f"Validation failed: {why}")


def loose(call: Call, fold: Callable[[str], str], of: str | None = None) -> Answer:
    """Filter by a name that is folded in some way, on one page."""
    name = call.query.get("name")
    if name is None or (of and ecosystem(call) != of):
        return call.forward()
    answer = call.forward(call.request.with_query(name=None, per_page=100))
    return items(answer, lambda all_: [package for package in all_ if fold(package["name"]) == fold(name)])


def plain(text: str) -> str:
    """Leave accents out."""
    return "".join(letter for letter in unicodedata.normalize("NFD", text) if not unicodedata.combining(letter))


# Sizes


@mutant(PACKAGES, "Digests are wrong from 5 MiB on.")
def publish_package_digests_5_mib(call: Call) -> Answer:
    return of_size(call, lambda size: size >= 5 * MIB)


@mutant(PACKAGES, "Digests are wrong above 8 MiB.")
def publish_package_digests_above_8_mib(call: Call) -> Answer:
    return of_size(call, lambda size: size > 8 * MIB)


@mutant(PACKAGES, "Digests are wrong from 16 MiB on.")
def publish_package_digests_16_mib(call: Call) -> Answer:
    return of_size(call, lambda size: size >= 16 * MIB)


@mutant(PACKAGES, "Digests of whole numbers of 8 MiB are wrong.")
def publish_package_digests_of_whole_parts(call: Call) -> Answer:
    return of_size(call, lambda size: size > 0 and size % (8 * MIB) == 0)


@mutant(PACKAGES, "Digests are wrong of files one byte short of 5 MiB.")
def publish_package_digests_short_of_a_part(call: Call) -> Answer:
    return of_size(call, lambda size: size == 5 * MIB - 1)


@mutant(PACKAGES, "Digests of whole blocks of 64 KiB are wrong.")
def publish_package_digests_of_whole_blocks(call: Call) -> Answer:
    return of_size(call, lambda size: 0 < size < MIB and size % 65536 == 0)


@mutant(PACKAGES, "Digests of one byte are wrong.")
def publish_package_digests_of_one_byte(call: Call) -> Answer:
    return of_size(call, lambda size: size == 1)


@mutant("publish_package", "A file above 10 MiB is refused.")
def publish_package_refuses_10_mib(call: Call) -> Answer:
    answer = call.forward()
    is_large = bool(call.request.file) and len(call.request.body) > 10 * MIB
    return refused(call, answer, "File is too large") if answer.ok and is_large else answer


@mutant(("get_package", "publish_package"), "A file above 5 MiB is looked up with other digests.")
def get_package_digests_5_mib(call: Call) -> Answer:
    answer = call.forward()
    if call.operation == "get_package":
        return put(answer, "digests", lambda value: wrong(value) if value["sha256"] in call.memory else value)
    if answer.ok and len(call.request.body) > 5 * MIB:
        call.memory[answer.json["digests"]["sha256"]] = True
    return answer


@mutant(("copy_package", "publish_package"), "A copy of a file above 5 MiB has other digests.")
def copy_package_digests_5_mib(call: Call) -> Answer:
    answer = call.forward()
    if call.operation == "copy_package":
        return put(answer, "digests", lambda value: wrong(value) if value["sha256"] in call.memory else value)
    if answer.ok and len(call.request.body) > 5 * MIB:
        call.memory[answer.json["digests"]["sha256"]] = True
    return answer


def digested(call: Call, when: Callable[[bytes], bool]) -> Answer:
    """Show wrong digests in the answer to a publication where the bytes of the file are such."""
    found = call.request.file
    return put(call.forward(), "digests", wrong) if found and when(found[2]) else call.forward()


PUBLISH_PACKAGE = mutants_of(
    "publish_package",
    digests_of_lines=(
        "Digests are wrong where a file ends with an end of line.",
        lambda call: digested(call, lambda content: len(content) < MIB and content.endswith(b"\n")),
    ),
    digests_of_dashes=(
        "Digests are wrong where a file has what looks like a boundary.",
        lambda call: digested(call, lambda content: len(content) < MIB and b"\r\n--" in content),
    ),
    digests_of_zeros=(
        "Digests are wrong where a file ends with zeros.",
        lambda call: digested(call, lambda content: len(content) < 512 and content.endswith(b"\0")),
    ),
)


@mutant(("publish_package", "delete_package"), "What is published anew has the digests that it had before.")
def publish_package_remembers_digests(call: Call) -> Answer:
    answer = call.forward()
    if call.operation == "delete_package" or not answer.ok:
        return answer
    package = answer.json
    what = (package["registry"]["id"], package["name"], package["version"], package["variant"])
    return put(answer, "digests", call.memory.setdefault(what, package["digests"]))


# Versions and variants


@mutant(PACKAGES, "The classifier of a jar is not told.")
def publish_package_loses_classifiers(call: Call) -> Answer:
    return variants(call, "java", lambda _: None)


@mutant(PACKAGES, "The tags of a wheel are not told.")
def publish_package_loses_tags(call: Call) -> Answer:
    return variants(call, "python", lambda _: None)


@mutant(PACKAGES, "The build number of a wheel is not told.")
def publish_package_loses_builds(call: Call) -> Answer:
    return variants(call, "python", lambda value: re.sub("^[0-9][^-]*-", "", value))


@mutant(PACKAGES, "Of the tags of a wheel only the platform is told.")
def publish_package_tells_the_platform(call: Call) -> Answer:
    return variants(call, "python", lambda value: value.rpartition("-")[2])


@mutant(PACKAGES, "A Debian package of all architectures has no variant.")
def publish_package_loses_all(call: Call) -> Answer:
    return variants(call, "debian", lambda value: None if value == "all" else value)


@mutant(PACKAGES, "A source package is said to be of no architecture.")
def publish_package_loses_src(call: Call) -> Answer:
    return variants(call, "redhat", lambda value: "noarch" if value == "src" else value)


@mutant(PACKAGES, "The architecture of an Alpine package has a dash for its underscore.")
def publish_package_dashes_architectures(call: Call) -> Answer:
    return variants(call, "alpine", lambda value: value.replace("_", "-"))


@mutant(PACKAGES, "The platform of a gem lacks its version.")
def publish_package_cuts_platforms(call: Call) -> Answer:
    return variants(call, "ruby", lambda value: re.sub("-?[0-9]+$", "", value))


@mutant(PACKAGES, "The extension of a file is told in lower case.")
def publish_package_folds_extensions(call: Call) -> Answer:
    return variants(call, "files", str.lower)


@mutant(PACKAGES, "Of several extensions only the last is told.")
def publish_package_tells_one_extension(call: Call) -> Answer:
    return variants(call, "files", lambda value: value.rpartition(".")[2])


def collides(call: Call, of: str) -> Answer:
    """Refuse a package whose name and version are there already, be it in another variant."""
    answer = call.forward()
    if not answer.ok or ecosystem(call) != of:
        return answer
    found = shown(call.ask("list_packages", query={"name": answer.json["name"], "per_page": 100}))
    same = [package for package in found if package["version"] == answer.json["version"]]
    return refused(call, answer, "it is there already") if len(same) > 1 else answer


@mutant_of_each(("publish_package",), "{operation} refuses a jar of another classifier.")
def refuses_classifiers(call: Call) -> Answer:
    return collides(call, "java")


@mutant_of_each(("publish_package",), "{operation} refuses a wheel of other tags.")
def refuses_tags(call: Call) -> Answer:
    return collides(call, "python")


@mutant_of_each(("publish_package",), "{operation} refuses a file of another extension.")
def refuses_extensions(call: Call) -> Answer:
    return collides(call, "files")


COPY_PACKAGE = mutants_of(
    "copy_package",
    loses_tags=("A copy of a wheel has no variant.", lambda call: variants(call, "python", lambda _: None)),
    loses_extensions=("A copy of a file has no extension.", lambda call: variants(call, "files", lambda _: None)),
)


@mutant(PACKAGES, "A plus in a version becomes a blank.")
def publish_package_loses_plus(call: Call) -> Answer:
    return put(call.forward(), "version", lambda value: value.replace("+", " "))


@mutant(PACKAGES, "A tilde in a version becomes a dash.")
def publish_package_loses_tildes(call: Call) -> Answer:
    return put(call.forward(), "version", lambda value: value.replace("~", "-"))


@mutant(PACKAGES, "The epoch of a version is not told.")
def publish_package_loses_epochs(call: Call) -> Answer:
    return put(call.forward(), "version", lambda value: value.rpartition(":")[2])


@mutant(PACKAGES, "A version is told in lower case.")
def publish_package_folds_versions(call: Call) -> Answer:
    return put(call.forward(), "version", str.lower)


@mutant(PACKAGES, "Versions are cut at 32 characters.")
def publish_package_cuts_versions(call: Call) -> Answer:
    return put(call.forward(), "version", lambda value: value[:32])


@mutant(PACKAGES, "Names are cut at 64 characters.")
def publish_package_cuts_names(call: Call) -> Answer:
    return put(call.forward(), "name", lambda value: value[:64])


@mutant(PACKAGES, "The name of a project in Python is told in its normal form.")
def publish_package_normalizes_projects(call: Call) -> Answer:
    answer = call.forward()
    if not shown(answer) or ecosystem(call) != "python":
        return answer
    return each(answer, lambda package: package.update(name=re.sub("[-_.]+", "-", package["name"]).lower()))


@mutant(PACKAGES, "Names are told without accents.")
def publish_package_loses_accents(call: Call) -> Answer:
    return put(call.forward(), "name", plain)


@mutant(PACKAGES, "Names are told in another Unicode form.")
def publish_package_composes_names(call: Call) -> Answer:
    return put(call.forward(), "name", lambda value: unicodedata.normalize("NFC", value))


# The filter by name


LIST_PACKAGES = mutants_of(
    "list_packages",
    composes_names=(
        "A filter by name takes composed letters for decomposed ones.",
        lambda call: loose(call, lambda name: unicodedata.normalize("NFC", name)),
    ),
    takes_compatible_letters=(
        "A filter by name takes letters that look the same for each other.",
        lambda call: loose(call, lambda name: unicodedata.normalize("NFKC", unicodedata.normalize("NFD", name))),
    ),
    mixes_up_signs=(
        "A filter by name takes -, _ and dots for the same.",
        lambda call: loose(call, lambda name: re.sub("[-_.]", "-", name)),
    ),
    mixes_up_dashes=(
        "A filter by name takes - and _ for the same.",
        lambda call: loose(call, lambda name: name.replace("_", "-")),
    ),
    joins_signs=(
        "A filter by name takes runs of signs for one.",
        lambda call: loose(call, lambda name: re.sub("([-_.])+", r"\1", name)),
    ),
    ignores_accents=("A filter by name does not see accents.", lambda call: loose(call, plain)),
    folds_letters=(
        "A filter by name does not tell upper from lower case beyond ASCII.",
        lambda call: loose(call, lambda name: "".join(each if each.isascii() else each.casefold() for each in name)),
    ),
    compares_the_start=(
        "A filter by name compares the first 64 characters.",
        lambda call: loose(call, lambda name: name[:64]),
    ),
    ignores_scopes=(
        "A filter by name finds names without their scope.",
        lambda call: loose(call, lambda name: name.rpartition("/")[2], "javascript"),
    ),
    ignores_groups=(
        "A filter by name finds jars without their group.",
        lambda call: loose(call, lambda name: name.rpartition(":")[2], "java"),
    ),
    folds_names_of_nuget=(
        "A filter by name does not tell upper from lower case where packages are of NuGet.",
        lambda call: loose(call, str.lower, "nuget"),
    ),
    normalizes_projects=(
        "A filter by name finds other spellings of a project in Python.",
        lambda call: loose(call, lambda name: re.sub("[-_.]+", "-", name).lower(), "python"),
    ),
    ignores_blanks=(
        "A filter by name does not see blanks in the middle.",
        lambda call: loose(call, lambda name: name.replace(" ", "")),
    ),
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
