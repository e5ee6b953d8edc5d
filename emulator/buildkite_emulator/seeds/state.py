"""Writes what an emulator holds as a seed file, with which another begins where this one is."""

import base64
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from textwrap import indent
from typing import Any

import yaml

from buildkite_emulator.api.access import Access, AccessTokens
from buildkite_emulator.api.context import Emulator
from buildkite_emulator.api.oidc_policies import PlainDumper
from buildkite_emulator.identity import timestamp
from buildkite_emulator.spec import Spec
from buildkite_emulator.storage.blobs import BlobStore
from buildkite_emulator.storage.rows import PackageRow, RegistryRow, RegistryTokenRow, UserRow

MOST_CONTENT = 256 << 20
"""Bytes of packages that a state may have in it."""

LINE = 57
"""Bytes in a line of base64, whose 76 characters are what MIME has."""

BLOCK = 4096 * LINE
"""Bytes of a package that are read at a time."""

LINES = re.compile(r"[!-~]([ -~]*[!-~])?(\n *[!-~]([ -~]*[!-~])?)+\n?")
"""Lines that PyYAML writes as they stand; what has empty lines, or blanks at an end, it cannot always read again."""


class TooMuch(Exception):
    """The packages are too large to be written into a file of text."""


class StateDumper(PlainDumper):
    """Writes a text of several lines as such, where that is safe."""


def represent_text(dumper: StateDumper, text: str) -> yaml.ScalarNode:
    """Choose how a text is written."""
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if LINES.fullmatch(text) else None)


StateDumper.add_representer(str, represent_text)


@dataclass(frozen=True)
class RegistryState:
    """A registry as an entry of a seed, and the rows of its packages, oldest first."""

    entry: Mapping[str, Any]
    packages: Sequence[PackageRow]


@dataclass(frozen=True)
class State:
    """All that an emulator held at one moment, but for the bytes of its packages."""

    head: Mapping[str, Any]
    registries: Sequence[RegistryState]

    def write(self, blobs: BlobStore) -> Iterator[bytes]:
        """Write the state as YAML, piece by piece.

        Raises:
            FileNotFoundError: a package was deleted meanwhile.
        """
        yield dump(self.head).encode()
        yield b"registries:\n" if self.registries else b"registries: []\n"
        for registry in self.registries:
            yield dump([registry.entry]).encode()
            yield b"  packages:\n" if registry.packages else b"  packages: []\n"
            for row in registry.packages:
                entry = {"file_name": row.file_name, "id": row.id, "created_at": timestamp(row.created_at)}
                yield indent(dump([entry]), "  ").encode()
                yield b"    content: |\n"
                with blobs.open(row.blob_id, row.size) as file:
                    while data := file.read(BLOCK):
                        yield indent(base64.encodebytes(data).decode(), "      ").encode()


def take(emulator: Emulator, tokens: AccessTokens, first_user: str) -> State:
    """Collect what an emulator holds.

    Args:
        emulator: the emulator.
        tokens: the access tokens that it knows.
        first_user: email address of the user who is to come first, whose a token is that nobody is named for.

    Raises:
        TooMuch: its packages are larger than `MOST_CONTENT` in all.
    """
    with emulator.database.transaction(read_only=True) as transaction:
        size = transaction.packages.total_size()
        if size > MOST_CONTENT:
            raise TooMuch(
                f"The packages have {size} bytes, and a state takes {MOST_CONTENT} at most; "
                "keep the emulator's data in a folder with --data, and copy the folder instead"
            )
        organizations = transaction.organizations.list()
        users = sorted(transaction.users.list(), key=lambda user: user.email != first_user)
        known = tokens.listed(transaction)
        registries = [
            RegistryState(
                {
                    "organization": organization.slug,
                    **registry_entry(emulator.spec, registry),
                    "tokens": [token_entry(token) for token in transaction.registry_tokens.list(registry.id)],
                },
                transaction.packages.list(registry.id),
            )
            for organization in organizations
            for registry in transaction.registries.list(organization.id)
        ]
    emails = {user.id: user.email for user in users}
    head = {
        "organizations": [{"slug": each.slug, "id": each.id} for each in organizations],
        "users": [{"name": each.name, "email": each.email, **made(each)} for each in users],
        "tokens": [
            {"sha256": sha256, "scopes": sorted(access.scopes), "user": emails[access.user_id], **limits(access)}
            for sha256, access in known.items()
        ],
    }
    return State(head, registries)


def registry_entry(spec: Spec, row: RegistryRow) -> dict[str, Any]:
    """Write a registry as a seed has it, without what it holds."""
    columns = row._asdict()
    settings = {name: columns[name] for name in spec.schema("RegistryCreate")["properties"]}
    return {"slug": row.slug, **{name: value for name, value in settings.items() if value is not None}, **made(row)}


def token_entry(row: RegistryTokenRow) -> dict[str, Any]:
    """Write a registry token as a seed has it."""
    return {
        "description": row.description,
        "secret_sha256": row.secret_sha256,
        "created_by": row.user_email,
        **made(row),
    }


def limits(access: Access) -> dict[str, list[str]]:
    """Write the organizations that a token is for, if it is not for every one."""
    return {} if access.organizations is None else {"organizations": sorted(access.organizations)}


def made(row: UserRow | RegistryRow | RegistryTokenRow | PackageRow) -> dict[str, Any]:
    """Write the ID and the time of something."""
    return {"id": row.id, "created_at": timestamp(row.created_at)}


def dump(value: Any) -> str:
    """Write plain values as YAML."""
    return str(yaml.dump(value, Dumper=StateDumper, sort_keys=False, allow_unicode=True))
