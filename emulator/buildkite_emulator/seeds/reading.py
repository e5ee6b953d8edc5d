"""The rules of a seed beyond its schema: names must be known, keys unique, and packages readable."""

import base64
import hashlib
import io
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, TypeVar

from buildkite_emulator import formats
from buildkite_emulator.api.access import digest, known_scopes
from buildkite_emulator.api.validation import Validators, join
from buildkite_emulator.errors import ValidationFailed
from buildkite_emulator.identity import Identity, milliseconds
from buildkite_emulator.operations import packages, registries
from buildkite_emulator.seeds.model import Content, Grant, Place, Row, Seed, SeedFault
from buildkite_emulator.spec import Spec
from buildkite_emulator.suggestions import advice, nearest_name
from buildkite_emulator.suggestions import shown as cut

if TYPE_CHECKING:
    from buildkite_emulator.storage.rows import NewOrganization, NewUser

ORGANIZATION = "my-org"
"""Slug of the organization if none is given."""

TOKEN = "emulator"  # noqa: S105 - nothing is kept secret by it
"""The access token with every scope if none is given."""

USER = {"name": "Emulator", "email": "emulator@example.com"}
"""The user if none is given."""

Named = TypeVar("Named")


class Generated(TypedDict):
    """What is generated if an entry leaves it out."""

    id: str
    created_at: int


class Reading:
    """Turns a seed that matches the schema into rows.

    Args:
        folder: the folder to which paths of packages are relative.
        spec: the spec.
        validators: the validators of the spec.
        identity: generates IDs, times and secrets that the seed leaves out.
    """

    def __init__(self, folder: Path, spec: Spec, validators: Validators, identity: Identity) -> None:
        self._folder = folder
        self._spec = spec
        self._validators = validators
        self._identity = identity
        self._now = identity.now()
        self._places: dict[tuple[str, ...], Place] = {}
        self._organizations: dict[str, NewOrganization] = {}
        self._users: dict[str, NewUser] = {}
        self._tokens: dict[str, Grant] = {}
        self._registries: list[Row] = []
        self._registry_tokens: list[Row] = []
        self._packages: list[Row] = []
        self._contents: dict[str, Content] = {}

    def read(
        self,
        document: Mapping[str, Any],
        organizations: Sequence[str] | None,
        tokens: Mapping[str, Iterable[str]] | None,
        token_organizations: Mapping[str, Collection[str]] | None = None,
    ) -> Seed:
        """Read a seed and what the command line adds to it; see `prepare`.

        Raises:
            SeedFault: the seed is invalid.
        """
        for place, entry in entries(document, (), "organizations"):
            self._organization(entry, place)
        for slug in organizations or ([] if "organizations" in document else [ORGANIZATION]):
            if slug not in self._organizations:
                self._organization(slug, ())
        for place, entry in entries(document, (), "users"):
            self._user(entry, place)
        if not self._users:
            self._user(USER, ())
        for place, entry in entries(document, (), "tokens"):
            self._token(entry, place)
        if tokens is None:
            tokens = {} if "tokens" in document else {TOKEN: self._spec.scopes}
        for token, scopes in tokens.items():
            slugs = self._known_organizations((token_organizations or {}).get(token), ())
            self._tokens[digest(token)] = Grant(frozenset(scopes), next(iter(self._users)), slugs)
        for place, entry in entries(document, (), "registries"):
            self._registry(entry, place)
        return Seed(
            list(self._organizations.values()),
            list(self._users.values()),
            self._tokens,
            self._registries,
            self._registry_tokens,
            self._packages,
            self._contents,
        )

    def _organization(self, entry: "str | Mapping[str, Any]", place: Place) -> None:
        entry = {"slug": entry} if isinstance(entry, str) else entry
        slug = entry["slug"]
        self._claim(place, f"the organization {slug}", "organization", slug)
        self._organizations[slug] = {"id": self._generated("organization", entry, place)["id"], "slug": slug}

    def _user(self, entry: Mapping[str, Any], place: Place) -> None:
        email = entry["email"]
        self._claim(place, f"the user {email}", "user", email)
        made = self._generated("user", entry, place)
        self._users[email] = {**made, "name": entry["name"], "email": email}

    def _token(self, entry: Mapping[str, Any], place: Place) -> None:
        sha256 = secret_digest(entry, "token", "sha256", place)
        if sha256 is None:
            raise SeedFault(place, f"{shown(place)} needs `token`, or its `sha256`")
        self._claim(place, "the same token", "token", sha256)
        try:
            scopes = known_scopes(entry.get("scopes"), self._spec)
        except ValueError as error:
            raise SeedFault((*place, "scopes"), f"{shown((*place, 'scopes'))} has an {error}") from error
        user = self._named(self._users, entry, "user", place)["email"]
        self._tokens[sha256] = Grant(scopes, user, self._known_organizations(entry.get("organizations"), place))

    def _known_organizations(self, slugs: Collection[str] | None, place: Place) -> frozenset[str] | None:
        for index, slug in enumerate(slugs or ()):
            if slug not in self._organizations:
                hint = advice(slug, self._organizations, "the seed")
                inside = (*place, "organizations", index) if place else ()
                raise SeedFault(inside, f"there is no organization `{cut(slug)}` for a token; {hint}")
        return None if slugs is None else frozenset(slugs)

    def _registry(self, entry: Mapping[str, Any], place: Place) -> None:
        organization = self._named(self._organizations, entry, "organization", place)
        try:
            columns = registries.registry_columns(entry, self._spec, self._validators)
        except ValidationFailed as error:
            raise SeedFault(place, f"{shown(place)}: {reason_of(error)}") from error
        made = self._generated("registry", entry, place)
        slug = entry.get("slug", columns["slug"])
        row: Row = {**columns, **made, "organization_id": organization["id"], "slug": slug}
        self._claim(place, f"the registry {organization['slug']}/{slug}", "registry", organization["slug"], slug)
        self._registries.append(row)
        for inside, token in entries(entry, place, "tokens"):
            self._registry_token(token, row, inside)
        for inside, package in entries(entry, place, "packages"):
            self._package(package, row, inside)

    def _registry_token(self, entry: Mapping[str, Any], registry: Row, place: Place) -> None:
        sha256 = secret_digest(entry, "secret", "secret_sha256", place)
        row: Row = {
            **self._generated("registry token", entry, place),
            "registry_id": registry["id"],
            "description": entry["description"],
            "secret_sha256": sha256 or digest(self._identity.new_secret()),
            "created_by": self._named(self._users, entry, "created_by", place)["email"],
        }
        self._registry_tokens.append(row)

    def _package(self, entry: Mapping[str, Any], registry: Row, place: Place) -> None:
        content, file_name = self._content(entry, place)
        try:
            with content.open() as file:
                sha256 = hashlib.file_digest(file, "sha256").hexdigest()
                size = file.seek(0, io.SEEK_END)
                file.seek(0)
                contents = formats.read(registry["ecosystem"], file_name, file, size)
        except OSError as error:
            raise SeedFault(
                (*place, "path"), f"{shown(place)}: cannot read {content.path}: {os_reason(error)}"
            ) from error
        except formats.UnreadablePackage as error:
            raise SeedFault(place, f"{shown(place)}: {error}") from error
        columns = packages.package_columns(contents, file_name)
        row: Row = {**columns, "registry_id": registry["id"], "sha256": sha256}
        what = [row[name] for name in ("name", "version", "variant")]
        self._claim(
            place,
            f"the package {' '.join(filter(None, what))}",
            "package",
            registry["id"],
            row["unique_name"],
            *what[1:],
        )
        self._packages.append({**row, **self._generated("package", entry, place)})
        self._contents.setdefault(sha256, content)

    def _content(self, entry: Mapping[str, Any], place: Place) -> tuple[Content, str]:
        """Return the content and the file name of a package."""
        if ("path" in entry) == ("content" in entry):
            raise SeedFault(place, f"{shown(place)} needs either `path`, or `content` and `file_name`")
        if "path" in entry:
            path = self._folder / entry["path"]
            return Content(path), entry.get("file_name", path.name)
        if "file_name" not in entry:
            raise SeedFault(place, f"{shown((*place, 'file_name'))} is missing")
        try:
            data = base64.b64decode("".join(entry["content"].split()), validate=True)
        except ValueError as error:
            inside = (*place, "content")
            raise SeedFault(inside, f"{shown(inside)} is not base64: {error}") from error
        return Content(data=data), entry["file_name"]

    def _generated(self, kind: str, entry: Mapping[str, Any], place: Place) -> Generated:
        """Take ID and time from an entry, or generate them."""
        try:
            created_at = milliseconds(entry["created_at"]) if "created_at" in entry else self._now
        except ValueError as error:
            inside = (*place, "created_at")
            raise SeedFault(inside, f"{shown(inside)} is no time that can be kept: {error}") from error
        made = entry["id"].lower() if "id" in entry else self._identity.new_id(created_at)
        self._claim(place, f"the ID {made}", f"ID of {kind}", made)
        return {"id": made, "created_at": created_at}

    def _named(self, known: Mapping[str, Named], entry: Mapping[str, Any], name: str, place: Place) -> Named:
        """Return the organization or user that an entry names; the first one if it names none."""
        if name not in entry and known:
            return next(iter(known.values()))
        if entry.get(name) not in known:
            inside = (*place, name)
            nearest = nearest_name(str(entry.get(name)), known)
            hint = f"did you mean `{nearest}`?" if nearest else f"the seed has {', '.join(known) or 'none'}"
            raise SeedFault(inside, f"{shown(inside)} is none of the seed's; {hint}")
        return known[entry[name]]

    def _claim(self, place: Place, what: str, *key: str) -> None:
        """Refuse a key that another entry has."""
        before = self._places.setdefault(key, place)
        if before != place:
            raise SeedFault(place, f"{shown(place)} has {what}, as {shown(before)} has")


def entries(document: Mapping[str, Any], place: Place, name: str) -> Iterator[tuple[Place, Any]]:
    """Iterate over a list of a seed, with the place of each entry."""
    for index, entry in enumerate(document.get(name, [])):
        yield (*place, name, index), entry


def secret_digest(entry: Mapping[str, Any], plain: str, hashed: str, place: Place) -> str | None:
    """Return the SHA-256 of an entry's secret; None if it has no secret.

    Raises:
        SeedFault: the entry has both secret and digest, or the secret cannot be sent in a header.
    """
    if plain in entry and hashed in entry:
        raise SeedFault(place, f"{shown(place)} has both `{plain}` and `{hashed}`; one of them says it all")
    if plain in entry:
        if not re.fullmatch("[!-~]+", entry[plain]):
            inside = (*place, plain)
            raise SeedFault(inside, f"{shown(inside)} needs at least one printable ASCII character, and no space")
        return digest(entry[plain])
    return entry[hashed].lower() if hashed in entry else None


def shown(place: Place) -> str:
    """Format a place for a message."""
    return f"`{join('', list(place))}`"


def os_reason(error: OSError) -> str:
    """Return why a file cannot be read."""
    return error.strerror or type(error).__name__


def reason_of(error: ValidationFailed) -> str:
    """Return the message of an API error without its prefix."""
    return str(error).removeprefix("Validation failed: ")
