"""Limits on what is read, unpacked and held in memory before a file is refused.

Reading takes a few MiB of memory, plus what legitimate packages need: the window of xz and zstd (`WINDOW_BYTES`) and
the table of contents of a zip (about 40 MiB for `ZIP_MEMBERS` members). Hostile metadata takes up to 30 MiB more (a
package.json of very many empty lists).
"""

from buildkite_emulator.formats.contents import UnreadablePackage

KIB = 1024
MIB = 1024 * KIB
GIB = 1024 * MIB

STORAGE_BLOCK_BYTES = MIB
"""Size of a read from storage."""
CHUNK_BYTES = 256 * KIB
"""Maximum size of a chunk between two steps of unpacking."""
METADATA_BYTES = MIB
"""One metadata file (control, METADATA, PKG-INFO, a gem's YAML), or one tar member's extended headers."""
CORE_METADATA_FIELDS = 2_500
"""Each dependency and classifier is a field. `packaging` takes time quadratic in their number."""
FILE_NAME_BYTES = 255
"""The limit of common file systems; it also bounds the tags in a wheel's name."""

FIELD_CHARACTERS = 255
"""Limit of a name, a version and a variant."""

APK_MEMBERS = 64
"""Limit of an Alpine package's pieces, and of the files in each piece before the data."""
AR_MEMBERS = 64
CPIO_MEMBERS = 250_000
CPIO_NAME_BYTES = 4 * KIB
"""`PATH_MAX` of Linux."""
GEM_MEMBERS = 64
JAR_MANIFEST_BYTES = 64 * KIB
"""Limit of a manifest's main section; in a signed jar, a digest of each file follows it."""
JAR_PROJECTS = 8
"""Limit of the projects with Maven metadata whose artifact the file name starts with."""
RPM_HEADER_ENTRIES = 65_535
"""rpm's own limit. A header's index, of 16 bytes for each entry, is held in memory."""
RPM_HEADER_BYTES = 256 * MIB
"""rpm's own limit. A header is read sequentially, and only a few values are kept."""
TAR_MEMBERS = 250_000
"""`opencv-doc` of Debian 12 has 13,723; large icon themes and kernel headers have several times that."""
TAR_EXTENDED_BYTES = 16 * MIB
"""Extended headers of a complete tar archive: about 60 bytes per allowed member."""
ZIP_MEMBERS = 50_000
"""`ansible` 12.3.0, one of the biggest wheels, has 21,488."""
ZIP_DIRECTORY_BYTES = 8 * MIB
COMPRESSED_STREAMS = 10_000
"""Consecutive streams in one compressed file, as parallel compressors write them."""
YAML_NODES = 100_000
"""Scalars, collections and aliases of one YAML document. A gem's specification lists its files."""

WINDOW_BYTES = 64 * MIB
"""Dictionary of `xz -9`; `zstd` exceeds it only with `--ultra -22` or `--long`."""


class Budget:
    """Limits the bytes that an upload of `size` bytes may unpack to, in total.

    The limit is 50 times the size, since text and symbols compress less than that; at least 256 MiB, since small files
    may be mostly zeros; and at most 16 GiB, so that reading ends within minutes.
    """

    def __init__(self, size: int) -> None:
        self.allowed = min(max(256 * MIB, 50 * size), 16 * GIB)
        self._left = self.allowed

    def spend(self, count: int) -> None:
        """Count unpacked bytes.

        Raises:
            UnreadablePackage: the total exceeds the limit.
        """
        self._left -= count
        if self._left < 0:
            message = f"The package unpacks to more than {self.allowed // MIB} MiB, the limit for its size."
            raise UnreadablePackage(message)
