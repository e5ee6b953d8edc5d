"""Exports the data of an emulator as a seed file, from which another emulator can start."""

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
"""Maximum total size of the packages, in bytes."""

LINE = 57
"""Bytes per line of base64: 76 characters, as in MIME."""

BLOCK = 4096 * LINE
"""Bytes of a package that are read at once."""

LINES = re.compile(r"[!-~]([ -~]*[!-~])?(\n *[!-~]([ -~]*[!-~])?)+\n?")
"""Texts that are safe as block scalars. PyYAML cannot always read back empty lines or blanks at the ends of lines."""


class TooMuch(Exception):
    """The packages are too large for a text file."""


class StateDumper(PlainDumper):
    """Writes a text of several lines as a block scalar where that is safe."""


def represent_text(dumper: StateDumper, text: str) -> yaml.ScalarNode:
    """Choose the YAML style of a text."""
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if LINES.fullmatch(text) else None)


StateDumper.add_representer(str, represent_text)


@dataclass(frozen=True)
class RegistryState:
    """A registry as a seed entry, and the rows of its packages, oldest first."""

    entry: Mapping[str, Any]
    packages: Sequence[PackageRow]


@dataclass(frozen=True)
class State:
    """The data of an emulator at one moment, without the bytes of its packages."""

    head: Mapping[str, Any]
    registries: Sequence[RegistryState]

    def write(self, blobs: BlobStore) -> Iterator[bytes]:
        """Generate the state as YAML, in chunks.

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
    """Read the data of an emulator.

    Args:
        emulator: the emulator.
        tokens: the access tokens.
        first_user: email address of the default user, who comes first.

    Raises:
        TooMuch: the packages are larger than `MOST_CONTENT` in total.
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
        "users": [{"name": each.name, "email": each.email, **id_and_time(each)} for each in users],
        "tokens": [
            {
                "sha256": sha256,
                "scopes": sorted(access.scopes),
                "user": emails[access.user_id],
                **organization_limit(access),
            }
            for sha256, access in known.items()
        ],
    }
    return State(head, registries)


def registry_entry(spec: Spec, row: RegistryRow) -> dict[str, Any]:
    """Make the seed entry of a registry, without its tokens and packages."""
    columns = row._asdict()
    settings = {name: columns[name] for name in spec.schema("RegistryCreate")["properties"]}
    return {
        "slug": row.slug,
        **{name: value for name, value in settings.items() if value is not None},
        **id_and_time(row),
    }


def token_entry(row: RegistryTokenRow) -> dict[str, Any]:
    """Make the seed entry of a registry token."""
    return {
        "description": row.description,
        "secret_sha256": row.secret_sha256,
        "created_by": row.user_email,
        **id_and_time(row),
    }


def organization_limit(access: Access) -> dict[str, list[str]]:
    """Return the organizations of a token, unless it is for all."""
    return {} if access.organizations is None else {"organizations": sorted(access.organizations)}


def id_and_time(row: UserRow | RegistryRow | RegistryTokenRow | PackageRow) -> dict[str, Any]:
    """Return ID and creation time of a row."""
    return {"id": row.id, "created_at": timestamp(row.created_at)}


def dump(value: Any) -> str:
    """Dump plain values as YAML."""
    return str(yaml.dump(value, Dumper=StateDumper, sort_keys=False, allow_unicode=True))
