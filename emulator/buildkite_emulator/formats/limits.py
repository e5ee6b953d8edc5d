"""How much of a file is read, unpacked and kept in memory before it is refused.

Memory stays within a few MiB, but for two things that legitimate packages need: the window of xz and zstd
(`WINDOW_BYTES`) and the table of contents of a zip (about 40 MiB for `ZIP_MEMBERS` members). Metadata that is made to
cost much takes 30 MiB more (a package.json of very many empty lists).
"""

from buildkite_emulator.formats.contents import UnreadablePackage

KIB = 1024
MIB = 1024 * KIB
GIB = 1024 * MIB

STORAGE_BLOCK_BYTES = MIB
"""Read from storage at a time."""
CHUNK_BYTES = 256 * KIB
"""Handed from one step of unpacking to the next at a time, at most."""
METADATA_BYTES = MIB
"""One metadata file (control, METADATA, PKG-INFO, a gem's YAML), or one tar member's extended headers."""
CORE_METADATA_FIELDS = 2_500
"""Each dependency and classifier is one. `packaging` takes time that grows with the square of their number."""
FILE_NAME_BYTES = 255
"""Common file systems take no longer name; it also bounds the tags that a wheel's name can spell."""

FIELD_CHARACTERS = 255
"""A name, a version or a variant."""

APK_MEMBERS = 64
"""Pieces of an Alpine package, and files in each of those before the data."""
AR_MEMBERS = 64
CPIO_MEMBERS = 250_000
CPIO_NAME_BYTES = 4 * KIB
"""`PATH_MAX` of Linux."""
GEM_MEMBERS = 64
JAR_MANIFEST_BYTES = 64 * KIB
"""Where the main section of a manifest has to end; a signed jar goes on with a digest of each file."""
JAR_PROJECTS = 8
"""Whose Maven metadata are looked into: those whose artifact the file name begins with."""
RPM_HEADER_ENTRIES = 65_535
"""rpm's own limit. A header's index, of 16 bytes for each entry, is held in memory."""
RPM_HEADER_BYTES = 256 * MIB
"""rpm's own limit. What is in a header is read past, but for the few values that are wanted."""
TAR_MEMBERS = 250_000
"""`opencv-doc` of Debian 12 has 13,723; large icon themes and kernel headers have several times that."""
TAR_EXTENDED_BYTES = 16 * MIB
"""Extended headers of a whole tar archive: some 60 bytes for each member that there may be."""
ZIP_MEMBERS = 50_000
"""`ansible` 12.3.0, one of the biggest wheels, has 21,488."""
ZIP_DIRECTORY_BYTES = 8 * MIB
COMPRESSED_STREAMS = 10_000
"""Streams one after another in one compressed file, as parallel compressors write them."""
YAML_NODES = 100_000
"""Scalars, collections and aliases of one YAML document. A gem's specification lists its files."""

WINDOW_BYTES = 64 * MIB
"""Dictionary of `xz -9`; `zstd` needs `--ultra -22` or `--long` to go beyond it."""


class Budget:
    """Bytes that one upload of `size` bytes may unpack to, all its parts together.

    50 times its size, since text and symbols stay below that; 256 MiB for small files, which may well be
    mostly zeros; 16 GiB at most, so that reading ends within minutes.
    """

    def __init__(self, size: int) -> None:
        self.allowed = min(max(256 * MIB, 50 * size), 16 * GIB)
        self._left = self.allowed

    def spend(self, count: int) -> None:
        """Count `count` more unpacked bytes.

        Raises:
            UnreadablePackage: that is more than the upload may unpack to.
        """
        self._left -= count
        if self._left < 0:
            message = f"The package unpacks to more than {self.allowed // MIB} MiB, the limit for its size."
            raise UnreadablePackage(message)
