"""Packages, and how many of them there are."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import bindparam, delete, func, insert, select, update

from buildkite_emulator.storage.queries import Conflict, Queries
from buildkite_emulator.storage.queries.blobs import BlobRecords
from buildkite_emulator.storage.queries.registries import Registries
from buildkite_emulator.storage.rows import ListedPackageRow, NewBlob, NewPackage, PackageRow
from buildkite_emulator.storage.statements import NUL, Change, Query
from buildkite_emulator.storage.tables import blobs, package_counts, packages, registries

BLOCKS = (4096, 64)
"""How many package numbers a row of `package_counts` stands for, on each of its levels."""

LAST_NUMBER = 2**31 - 1
"""More than any package's number."""

PACKAGE_COLUMNS = (*packages.c, blobs.c.sha256, blobs.c.sha512, blobs.c.size)
OF_REGISTRY = (
    select(*PACKAGE_COLUMNS).select_from(packages.join(blobs)).where(packages.c.registry_id == bindparam("registry_id"))
)
PACKAGE = Query(OF_REGISTRY.where(packages.c.id == bindparam("package_id")), PackageRow)
PACKAGES = Query(OF_REGISTRY.order_by(packages.c.number), PackageRow)
ADD = Change(insert(packages))
DELETE = Change(delete(packages).where(packages.c.id == bindparam("package_id")))
COLUMNS = {column.name: column for column in (*blobs.c, *packages.c)}
SUMMARIES = OF_REGISTRY.with_only_columns(
    *[COLUMNS[name] for name in ListedPackageRow._fields], maintain_column_froms=True
).limit(bindparam("rows"))
LISTED = SUMMARIES.order_by(packages.c.number.desc()).offset(bindparam("rows_before"))
UP_TO = LISTED.where(packages.c.number <= bindparam("highest"))
PAGE = Query(UP_TO, ListedPackageRow)
PAGE_OF_NAME = Query(UP_TO.where(packages.c.name == bindparam("name")), ListedPackageRow)
LISTED_UP = SUMMARIES.where(packages.c.number > bindparam("number")).order_by(packages.c.number)
NEWER = Query(LISTED_UP, ListedPackageRow)
NEWER_OF_NAME = Query(LISTED_UP.where(packages.c.name == bindparam("name")), ListedPackageRow)
FOUND = Query(LISTED.where(packages.c.name.icontains(bindparam("text"), escape="/")), ListedPackageRow)
TOTAL_SIZE = select(func.coalesce(func.sum(blobs.c.size), 0)).select_from(packages).join(blobs)


class LastNumber(NamedTuple):
    """The number of a registry's newest package."""

    last_number: int


class BlockCount(NamedTuple):
    """How many packages a block of numbers has."""

    block: int
    packages: int


class RegistryCount(NamedTuple):
    """How many packages a registry has."""

    registry_id: str
    packages: int


COUNT_UP = Query(
    update(registries)
    .where(registries.c.id == bindparam("registry_id"))
    .values(last_number=registries.c.last_number + 1)
    .returning(registries.c.last_number),
    LastNumber,
)
COUNTS = select(package_counts.c.block, package_counts.c.count.label("packages")).where(
    package_counts.c.registry_id == bindparam("registry_id"),
    package_counts.c.named == bindparam("named"),
    package_counts.c.name == bindparam("name"),
    package_counts.c.size == bindparam("size"),
    package_counts.c.block.between(bindparam("first"), bindparam("last")),
)
COUNTS_IN_ORDER = Query(COUNTS.order_by(package_counts.c.block.desc()), BlockCount)
COUNTS_OF_REGISTRIES = Query(
    select(package_counts.c.registry_id, func.sum(package_counts.c.count).label("packages"))
    .join(registries)
    .where(
        registries.c.organization_id == bindparam("organization_id"),
        package_counts.c.named == bindparam("named"),
        package_counts.c.name == bindparam("name"),
        package_counts.c.size == bindparam("size"),
    )
    .group_by(package_counts.c.registry_id),
    RegistryCount,
)
# The names of a count's columns are those of what is set, so what it is found by has names of its own.
COUNTED = ("registry_id", "named", "name", "size", "block")
COUNT = [package_counts.c[name] == bindparam(f"the_{name}") for name in COUNTED]
NEW_COUNT = Change(insert(package_counts))
ADD_TO_COUNT = Change(update(package_counts).where(*COUNT).values(count=package_counts.c.count + bindparam("change")))
DROP_COUNT = Change(delete(package_counts).where(*COUNT, package_counts.c.count == 0))


class Packages(Queries):
    """Packages."""

    def get(self, registry_id: str, package_id: str) -> PackageRow | None:
        """Find a package of a registry, with its blob's digests and size."""
        return PACKAGE.first(self._connection, {"registry_id": registry_id, "package_id": package_id})

    def list(self, registry_id: str) -> Sequence[PackageRow]:
        """List all packages of a registry, oldest first."""
        return PACKAGES.all(self._connection, {"registry_id": registry_id})

    def add(self, row: NewPackage, blob: NewBlob | None = None) -> None:
        """Add a package, numbered as the newest of its registry.

        Args:
            row: the package's columns but its number.
            blob: columns of its blob, where that is new; it was announced by `BlobRecords.expect`.

        Raises:
            Taken: the registry has a package of this name, version and variant.
            Conflict: another transaction has deleted the registry.
            StoreUnavailable: another process took this one for dead and has deleted the blob.
        """
        counted = COUNT_UP.first(self._connection, {"registry_id": row["registry_id"]})
        if counted is None:
            raise Conflict
        number = counted.last_number
        if blob is not None:
            BlobRecords(self._session).add(blob)
        self._write(ADD.run, {**row, "number": number})
        self._count(row["registry_id"], row["name"], number, 1)

    def delete(self, package: PackageRow) -> None:
        """Delete a package, and release its blob if no other package uses it.

        Raises:
            Conflict: another transaction has deleted it.
        """
        Registries(self._session).lock(package.registry_id)
        self._change(DELETE, {"package_id": package.id})
        self._count(package.registry_id, package.name, package.number, -1)
        BlobRecords(self._session).release([package.blob_id])

    def page(
        self, registry_id: str, name: str | None, offset: int, limit: int
    ) -> tuple[int, Sequence[ListedPackageRow]]:
        """List some of a registry's packages, newest first.

        Args:
            registry_id: the registry.
            name: the name that packages must have; None for any.
            offset: how many of the newest to leave out.
            limit: how many to list at most.

        Returns:
            how many packages there are in all, and those that were asked for.
        """
        if name is not None and NUL in name:
            return 0, []
        if offset == 0:
            rows = self._rows(registry_id, name, LAST_NUMBER, 0, limit + 1)
            if len(rows) <= limit:  # that is all, and need not be counted
                return len(rows), rows
            first_blocks = self._blocks(registry_id, name, BLOCKS[0], 0, LAST_NUMBER)
            return sum(count for _, count in first_blocks), rows[:limit]
        total, lowest, highest = None, 0, LAST_NUMBER
        for size in BLOCKS:
            blocks = self._blocks(registry_id, name, size, lowest // size, highest // size)
            if total is None:
                total = sum(count for _, count in blocks)
                if offset >= total:
                    return total, []
            for block, count in blocks:
                lowest, highest = block * size, (block + 1) * size - 1
                if offset < count:
                    break
                offset -= count
        return total or 0, self._rows(registry_id, name, highest, offset, limit)

    def older(self, registry_id: str, name: str | None, number: int, limit: int) -> Sequence[ListedPackageRow]:
        """List packages whose numbers are below a number, newest first.

        Args:
            registry_id: the registry.
            name: the name that packages must have; None for any.
            number: the number.
            limit: how many to list at most.
        """
        return [] if name is not None and NUL in name else self._rows(registry_id, name, number - 1, 0, limit)

    def newer(self, registry_id: str, name: str | None, number: int, limit: int) -> Sequence[ListedPackageRow]:
        """List packages whose numbers are above a number, oldest first; the arguments are those of `older`."""
        if name is not None and NUL in name:
            return []
        values = {"registry_id": registry_id, "number": number, "rows": limit}
        if name is None:
            return NEWER.all(self._connection, values)
        return NEWER_OF_NAME.all(self._connection, {**values, "name": name})

    def search(self, registry_id: str, text: str, offset: int, limit: int) -> Sequence[ListedPackageRow]:
        """List some of a registry's packages that have a text in their name, however its letters are cased.

        Args:
            registry_id: the registry.
            text: what the name has to contain.
            offset: how many of the newest to leave out.
            limit: how many to list at most, newest first.
        """
        if NUL in text:
            return []
        escaped = text.translate({ord(special): f"/{special}" for special in "%_/"})
        page = {"registry_id": registry_id, "text": escaped, "rows_before": offset, "rows": limit}
        return FOUND.all(self._connection, page)

    def count(self, organization_id: str) -> dict[str, int]:
        """Count the packages of an organization's registries; returns them by registry, those without any left out."""
        counted = {"organization_id": organization_id, "named": False, "name": "", "size": BLOCKS[0]}
        return {registry_id: int(count) for registry_id, count in COUNTS_OF_REGISTRIES.all(self._connection, counted)}

    def total_size(self) -> int:
        """Add up the bytes of all packages; what several share is counted for each of them."""
        return int(self._connection.execute(TOTAL_SIZE).scalar_one())

    def _blocks(self, registry_id: str, name: str | None, size: int, first: int, last: int) -> Sequence[BlockCount]:
        """Read how many packages some blocks of numbers have, the highest block first."""
        counted = {"registry_id": registry_id, "named": name is not None, "name": name or ""}
        return COUNTS_IN_ORDER.all(self._connection, {**counted, "size": size, "first": first, "last": last})

    def _rows(
        self, registry_id: str, name: str | None, highest: int, offset: int, limit: int
    ) -> Sequence[ListedPackageRow]:
        """Read packages up to a number, newest first."""
        page = {"registry_id": registry_id, "highest": highest, "rows_before": offset, "rows": limit}
        if name is None:
            return PAGE.all(self._connection, page)
        return PAGE_OF_NAME.all(self._connection, {**page, "name": name})

    def _count(self, registry_id: str, name: str, number: int, change: int) -> None:
        for size in BLOCKS:
            for counted in (None, name):
                row = {"registry_id": registry_id, "named": counted is not None, "name": counted or ""}
                row |= {"size": size, "block": number // size}
                the_row = {f"the_{column}": value for column, value in row.items()}
                if ADD_TO_COUNT.run(self._connection, {**the_row, "change": change}) == 0:
                    NEW_COUNT.run(self._connection, {**row, "count": change})
                if change < 0:
                    DROP_COUNT.run(self._connection, the_row)
