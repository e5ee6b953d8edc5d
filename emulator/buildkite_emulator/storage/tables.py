"""The tables. A change here wants a step in `migrations/versions/`, for databases of earlier emulators."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData()

organizations = Table(
    "organizations",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("slug", Text, nullable=False, unique=True),
)

users = Table(
    "users",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("name", Text, nullable=False),
    Column("email", Text, nullable=False, unique=True),
    Column("created_at", BigInteger, nullable=False),  # milliseconds since 1970, here and below
)

registries = Table(
    "registries",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("organization_id", ForeignKey("organizations.id"), nullable=False),
    Column("slug", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("ecosystem", Text, nullable=False),
    Column("description", Text),
    Column("emoji", Text),
    Column("color", Text),
    Column("public", Boolean, nullable=False),
    Column("oidc_policy", Text),
    Column("team_ids", JSON, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("number", Integer, nullable=False, index=True),  # orders what came in the same millisecond
    Column("last_number", Integer, nullable=False, default=0),
    UniqueConstraint("organization_id", "slug"),
)

registry_tokens = Table(
    "registry_tokens",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("registry_id", ForeignKey("registries.id"), nullable=False, index=True),
    Column("description", Text, nullable=False),
    Column("secret_sha256", String(64), nullable=False),
    Column("created_by_id", ForeignKey("users.id"), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("number", Integer, nullable=False, index=True),
)

blobs = Table(
    "blobs",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("sha512", String(128), nullable=False),
)

packages = Table(
    "packages",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("registry_id", ForeignKey("registries.id"), nullable=False),
    Column("number", Integer, nullable=False),  # counts up in a registry; the newest has the highest
    Column("name", Text, nullable=False),
    Column("unique_name", Text, nullable=False),  # the same for all spellings of a name that count as one
    Column("version", Text, nullable=False),
    Column("variant", Text, nullable=False),  # "" for none, because NULLs are never equal in a unique constraint
    Column("file_name", Text, nullable=False),
    Column("blob_id", ForeignKey("blobs.id"), nullable=False, index=True),
    Column("created_at", BigInteger, nullable=False),
    Column("metadata", JSON(none_as_null=True)),  # NULL where an earlier emulator, which kept none, took the file
    UniqueConstraint("registry_id", "unique_name", "version", "variant"),
    UniqueConstraint("registry_id", "number"),
    Index("packages_by_name", "registry_id", "name", "number"),
)

presigned_uploads = Table(
    # Presigned uploads. One whose file has been sent has a blob, until it is published or has expired.
    "presigned_uploads",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("registry_id", ForeignKey("registries.id"), nullable=False, index=True),
    Column("signature_sha256", String(64), nullable=False),
    Column("expires_at", BigInteger, nullable=False, index=True),
    Column("is_used", Boolean, nullable=False),
    Column("blob_id", ForeignKey("blobs.id"), index=True),
    Column("file_name", Text),
)

package_counts = Table(
    # How many packages each block of numbers holds, per registry and per registry and name. By it whole blocks are
    # skipped, first large ones and then small ones, so that a far page costs little more than a near one.
    "package_counts",
    metadata,
    Column("registry_id", ForeignKey("registries.id"), primary_key=True),
    Column("named", Boolean, primary_key=True),  # whether packages of the name are counted, or all
    Column("name", Text, primary_key=True),
    Column("size", Integer, primary_key=True),
    Column("block", Integer, primary_key=True),
    Column("count", Integer, nullable=False),
)

pending_blobs = Table(
    # Blobs that no package uses: those that are being received, and those that are yet to be deleted. A blob is named
    # here before its first byte is written and until its last one is gone, so that none is ever forgotten.
    "pending_blobs",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("process_id", ForeignKey("processes.id"), nullable=False, index=True),
)

processes = Table(
    # Emulators that have this database open, or were killed.
    "processes",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("started_at", BigInteger, nullable=False),
)

installation = Table(
    # One row: what the blob store knows its database by.
    "installation",
    metadata,
    Column("id", String(36), primary_key=True),
)

documents = Table(
    # What the processes share of faults and the clock.
    "documents",
    metadata,
    Column("key", String(255), primary_key=True),
    Column("value", JSON, nullable=False),
)

windows = Table(
    # How often something happened in a window of time, for rate limits.
    "windows",
    metadata,
    Column("key", String(255), primary_key=True),
    Column("total", Integer, nullable=False),
    Column("started", BigInteger, nullable=False),
)

requests = Table(
    # The log of requests, where several processes share it.
    "requests",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("entry", JSON, nullable=False),
)
