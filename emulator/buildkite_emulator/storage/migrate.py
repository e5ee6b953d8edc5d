"""Brings a database to the newest schema.

The steps are Alembic's, in `migrations/versions/`. Alembic is imported where there is something to do; a database that
is new gets all tables at once.
"""

import logging
from pathlib import Path

from sqlalchemy import Connection, inspect, text

from buildkite_emulator.errors import StoreError
from buildkite_emulator.storage.tables import metadata

log = logging.getLogger(__name__)

FIRST = "0001"
"""The schema of the first emulator, whose databases have no version."""

NEWEST = "0004"
"""The newest step."""

MIGRATIONS = Path(__file__).parent / "migrations"


def upgrade(connection: Connection) -> bool:
    """Create or change the tables, as part of the connection's transaction.

    Returns:
        whether there were none.

    Raises:
        StoreError: a newer emulator has changed them.
    """
    tables = inspect(connection).get_table_names()
    if "alembic_version" in tables:
        version = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
    elif metadata.tables.keys() & set(tables):
        version = FIRST
    else:
        metadata.create_all(connection)
        connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)"))
        connection.execute(text("INSERT INTO alembic_version VALUES (:version)"), {"version": NEWEST})
        return True
    if version != NEWEST:
        migrate(connection, version)
    return False


def migrate(connection: Connection, version: str) -> None:
    """Take the steps from a version to the newest.

    Raises:
        StoreError: the version is not known here.
    """
    from alembic import command  # noqa: PLC0415 - takes a tenth of a second
    from alembic.config import Config  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    known = [step.revision for step in ScriptDirectory.from_config(config).walk_revisions()]
    if version not in known:
        raise StoreError(f"it has the schema {version} of a newer emulator; this one knows up to {NEWEST}")
    command.stamp(config, version)
    command.upgrade(config, NEWEST)
    log.info("the database was brought from the schema %s to %s", version, NEWEST)
