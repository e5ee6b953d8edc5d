"""The files become one document, and what is wrong with them is said with its place."""

from pathlib import Path

import pytest

from scripts.spec.bundle import SPEC, Bundle, SpecError, bundle, format_pointer, walk
from scripts.spec.lint import operations
from tests.support.spec_copy import SpecCopy

pytestmark = pytest.mark.slow

PACKAGES = "packages.yaml"
TOKENS = "registry_tokens.yaml"
SHARED = "shared.yaml"
ROOT = "openapi.yaml"

LINKS = "links: {$ref: '#/schemas/PageLinks'}"
COPY = "/v2/packages/organizations/{org_slug}/registries/{registry_slug}/packages/{id}/copy"


@pytest.fixture(scope="module")
def joined() -> Bundle:
    """Give the bundle of the spec as it is."""
    return bundle()


def problems(copy: SpecCopy) -> list[str]:
    """Give what is said against a copy."""
    with pytest.raises(SpecError) as error:
        copy.bundle()
    assert str(error.value) == "\n".join(error.value.problems)
    assert all("\n" not in problem for problem in error.value.problems)
    return list(error.value.problems)


def test_the_same_spec_gives_the_same_bytes(joined: Bundle) -> None:
    """Bundling twice gives the same text."""
    assert bundle().to_json() == joined.to_json()


def test_references_stay_in_the_document(joined: Bundle) -> None:
    """Every `$ref` of the bundle leads to a component of the bundle."""
    references = [value for pointer, value in walk(joined.document) if pointer[-1:] == ("$ref",)]
    assert references
    for reference in references:
        start, components, section, name = reference.split("/")
        assert (start, components) == ("#", "components")
        assert name in joined.document["components"][section]


def test_path_items_are_inlined(joined: Bundle) -> None:
    """No path item is a reference, as the client generator would skip it, and none lacks operations."""
    assert not any("$ref" in item for item in joined.document["paths"].values())
    assert {pointer[1] for pointer, _, _ in operations(joined.document)} == set(joined.document["paths"])


def test_every_component_has_the_name_of_its_entry(joined: Bundle) -> None:
    """A component is found in the bundle by the name that it has in its file, and nowhere else."""
    assert "RegistryCreate" in joined.document["components"]["schemas"]
    assert set(joined.document) >= {"openapi", "info", "servers", "tags", "paths", "components", "x-sources"}
    assert not {"schemas", "x-rate-limit-headers"} & set(joined.document)


def test_places_lead_back_to_the_files(joined: Bundle) -> None:
    """A place in the bundle is given as the file, the line and the pointer where it was written."""
    place = joined.place(("components", "schemas", "PageLinks", "properties", "self", "format"))
    assert place.file == SPEC.parent / PACKAGES
    assert format_pointer(place.pointer) == "/schemas/PageLinks/properties/self/format"
    assert place.file.read_text(encoding="utf-8").splitlines()[place.line - 1] == "        format: uri"
    assert str(place) == f"openapi/packages.yaml:{place.line} /schemas/PageLinks/properties/self/format"


def test_a_name_collision(copy: SpecCopy) -> None:
    """Two components of one name are reported, once, with the places of both."""
    copy.edit(TOKENS, "\nschemas:\n", "\nschemas:\n  Digests: {type: object, description: Others.}\n")
    organization = "      organization: {$ref: '#/schemas/RegistryTokenOrganization'}\n"
    copy.edit(TOKENS, organization, f"{organization}      digests: {{$ref: '#/schemas/Digests'}}\n")
    collisions = [problem for problem in problems(copy) if "has the name of" in problem]
    places = {
        f"{copy.place(PACKAGES, '  Digests:')} /schemas/Digests",
        f"{copy.place(TOKENS, '  Digests:')} /schemas/Digests",
    }
    [collision] = collisions
    here, there = collision.removesuffix("; components need names of their own").split(" has the name of ")
    assert {here, there} == places


@pytest.mark.parametrize(
    ("reference", "complaint"),
    [
        ("pages.yaml#/schemas/PageLinks", "does not exist"),
        ("#/schemas/PagesLinks", "does not exist"),
        ("shared.yaml#/schemas/PageLinks", "does not exist"),
        ("#/paths/copy", "is not an entry of one of schemas, parameters, "),
        ("#/schemas/Package/properties/url", "is not an entry of one of schemas, parameters, "),
        ("shared.yaml", "is not an entry of one of schemas, parameters, "),
    ],
)
def test_a_dangling_reference(copy: SpecCopy, reference: str, complaint: str) -> None:
    """A reference to a file or entry that is missing, or to a part of an entry, is reported where it is."""
    broken = f"links: {{$ref: '{reference}'}}"
    copy.edit(PACKAGES, LINKS, broken)
    first = problems(copy)[0]
    place = f"{copy.place(PACKAGES, broken)} /schemas/PackageList/properties/links/$ref"
    assert first.startswith(f"{place} refers to {reference}, which {complaint}")


@pytest.mark.parametrize("reference", ["parcels.yaml#/paths/copy", "packages.yaml#/paths/copies"])
def test_a_dangling_path(copy: SpecCopy, reference: str) -> None:
    """A path whose item is missing is reported where the table of paths has it."""
    copy.edit(ROOT, "packages.yaml#/paths/copy", reference)
    place = f"{copy.place(ROOT, f'$ref: {reference}')} {format_pointer(('paths', COPY, '$ref'))}"
    assert problems(copy)[0] == f"{place} refers to {reference}, which does not exist"


def test_a_missing_file(copy: SpecCopy) -> None:
    """A missing root file is reported."""
    (copy.folder / ROOT).unlink()
    assert problems(copy) == [f"{copy.root}:1 / cannot be read: No such file or directory"]


@pytest.mark.parametrize(
    ("file", "section", "entry"),
    [
        (PACKAGES, "schemas", "{type: object, description: Odd.}"),
        (SHARED, "parameters", "{name: odd, in: query, schema: {type: string}}"),
        (PACKAGES, "responses", "{description: Odd.}"),
        (TOKENS, "examples", "{value: 1}"),
        (TOKENS, "links", "{operationId: get_registry}"),
        (SHARED, "headers", "{schema: {type: string}}"),
    ],
)
def test_an_unused_component(copy: SpecCopy, file: str, section: str, entry: str) -> None:
    """A component that nothing refers to is reported where it stands."""
    copy.edit(file, f"\n{section}:\n", f"\n{section}:\n  Odd: {entry}\n")
    place = f"{copy.place(file, '  Odd: ')} /{section}/Odd"
    assert problems(copy) == [f"{place} is used nowhere; use it or delete it"]


def test_an_unused_path_item(copy: SpecCopy) -> None:
    """A path item that the table of paths does not have is reported where it stands."""
    copy.edit(PACKAGES, "paths:\n", "paths:\n  odd: {}\n")
    assert problems(copy) == [f"{copy.place(PACKAGES, '  odd: ')} /paths/odd is not in the table of paths"]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("odd: [1,\n", "is not YAML: "),
        ("odd:\n\t- 1\n", "is not YAML: found character '\\t' that cannot start any token"),
        ("odd: *nothing\n", "is not YAML: found undefined alias 'nothing'"),
        ("odd: 1\nodd: 2\n", 'is not YAML: found duplicate key "odd"'),
    ],
)
def test_invalid_yaml(copy: SpecCopy, text: str, complaint: str) -> None:
    """What is not YAML, an entry of one name too many included, is reported with its line."""
    lines = copy.read(SHARED).count("\n")
    copy.add(SHARED, text)
    [problem] = problems(copy)
    assert complaint in problem
    file, line = problem.split(" / ")[0].split(":")
    assert file == str(copy.folder / SHARED)
    assert lines < int(line) <= lines + text.count("\n") + 1


def test_a_file_without_a_mapping(copy: SpecCopy) -> None:
    """A file that holds something else than a mapping is reported."""
    copy.write(SHARED, "- 1\n")
    assert problems(copy) == [f"{copy.folder / SHARED}:1 / should be a mapping"]


def test_a_value_that_json_has_not(copy: SpecCopy) -> None:
    """A time without quotes, which YAML does not read as text, is reported where it stands."""
    copy.edit(PACKAGES, "'2024-08-21T06:24:53Z'", "2024-08-21T06:24:53Z")
    place = f"{copy.place(PACKAGES, 'created_at: 2024')} /examples/PackageList/value/items/1/created_at"
    assert problems(copy) == [f"{place} is read as a TimeStamp, which JSON has not; put it in quotes"]


@pytest.mark.parametrize(
    ("file", "old", "new", "line", "pointer", "complaint"),
    [
        (
            PACKAGES,
            "    name: to\n    in: query\n",
            "    name: to\n",
            "  DestinationRegistry:",
            "/parameters/DestinationRegistry",
            '"in" is a required property',
        ),
        (
            PACKAGES,
            "    description: The package is gone.\n",
            "",
            "  DeletedPackage:",
            "/responses/DeletedPackage",
            '"description" is a required property',
        ),
        (
            ROOT,
            "type: http",
            "type: hptt",
            "type: hptt",
            "/components/securitySchemes/bearer/type",
            '"hptt" is not one of ',
        ),
    ],
    ids=["parameter", "response", "security scheme"],
)
def test_invalid_openapi(  # noqa: PLR0913, PLR0917 - an edit and what comes of it
    copy: SpecCopy, file: str, old: str, new: str, line: str, pointer: str, complaint: str
) -> None:
    """What the OpenAPI specification does not allow is reported where it was written."""
    copy.edit(file, old, new)
    [problem] = problems(copy)
    assert problem.startswith(f"{copy.place(file, line)} {pointer} is not valid OpenAPI: {complaint}")


def test_invalid_schema(copy: SpecCopy) -> None:
    """What is no JSON Schema is reported at the very keyword, however deep in a schema it stands."""
    copy.edit(PACKAGES, "      sha512:\n        type: string", "      sha512:\n        type: strin")
    [problem] = problems(copy)
    place = copy.place(PACKAGES, "type: strin\n")
    assert problem.startswith(f"{place} /schemas/Digests/properties/sha512/type is no JSON Schema: ")


@pytest.mark.parametrize(
    ("file", "old", "new", "complaint"),
    [
        (
            PACKAGES,
            "operationId: copy_package\n      tags",
            "operationId: get_package\n      tags",
            "is not unique",
        ),
        (ROOT, "/packages/{id}/copy:", "/packages/copy:", "Path parameter 'id' "),
        (ROOT, "/packages/{id}/copy:", "/packages/{id}/{to}/copy:", "Path parameter 'to' "),
    ],
)
def test_inconsistent_openapi(copy: SpecCopy, file: str, old: str, new: str, complaint: str) -> None:
    """An operationId that is used twice, or a path that does not fit its parameters, is reported."""
    copy.edit(file, old, new)
    [problem] = problems(copy)
    assert "is not valid OpenAPI" in problem
    assert complaint in problem
    assert "/copy'" in problem


def test_a_folder_of_any_name(copy: SpecCopy, joined: Bundle, tmp_path: Path) -> None:
    """The bundle depends on what is in the files, not on where they are."""
    copy.folder.rename(tmp_path / "elsewhere")
    assert bundle(tmp_path / "elsewhere" / ROOT).to_json() == joined.to_json()
