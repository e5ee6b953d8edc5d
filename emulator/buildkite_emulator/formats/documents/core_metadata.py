"""Python's core metadata: METADATA in a wheel, PKG-INFO in an sdist.

Source: PyPA, "Core metadata specifications".
"""

import re
from collections.abc import Collection
from typing import Any

from packaging.metadata import InvalidMetadata, Metadata, parse_email
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from buildkite_emulator.formats.contents import UnreadablePackage, shown
from buildkite_emulator.formats.limits import CORE_METADATA_FIELDS

_BLANK_LINE = re.compile(rb"\r?\n\r?\n")
_FIELD_START = re.compile(rb"[\r\n][^ \t\r\n]")


def name_and_version(
    data: bytes, what: str, file_name: str, named: Collection[tuple[NormalizedName, Version]]
) -> tuple[str, str]:
    """Return the name as spelled in the metadata, and the normalized version.

    `what` names the metadata in messages; `named` has the names and versions that the file name can mean.

    Raises:
        UnreadablePackage: name or version is missing, duplicate or invalid, or does not match the file name.
    """
    # The description, which may be long, follows the first blank line and is not needed.
    fields = _BLANK_LINE.split(data, maxsplit=1)[0]
    if sum(1 for _ in _FIELD_START.finditer(fields)) >= CORE_METADATA_FIELDS:
        raise UnreadablePackage(f"The package's {what} has more than {CORE_METADATA_FIELDS} fields.")
    raw = Metadata.from_email(fields + b"\n\n", validate=False)
    try:
        name, version = raw.name, raw.version
    except InvalidMetadata as error:
        raise UnreadablePackage(f"The package's {what} does not have one valid {error.field.capitalize()}.") from None
    except ValueError:
        # `packaging` raises it if a number in the version is too long for int().
        raise UnreadablePackage(f"The package's {what} does not have one valid Version.") from None
    if (canonicalize_name(name), version) not in named:
        said = " or ".join(f"{shown(each)} {shown(str(number))}" for each, number in list(named)[:2])
        message = f"The file name {shown(file_name)} says {said}, but the package's {what} says "
        raise UnreadablePackage(message + f"{shown(name)} {shown(str(version))}.")
    return name, str(version)


def metadata_of(data: bytes) -> dict[str, Any]:
    """Return the other fields of validated metadata, under the names of `packaging`."""
    raw, _ = parse_email(_BLANK_LINE.split(data, maxsplit=1)[0] + b"\n\n")
    return {key: value for key, value in raw.items() if key not in {"name", "version"}}
