"""The tables of the database through the versions of the emulator."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text

from buildkite_emulator.errors import StoreError
from buildkite_emulator.storage import migrate as schema
from buildkite_emulator.storage.database import Database
from buildkite_emulator.storage.tables import metadata
from scripts.samples import packages
from scripts.servers.stores import Stores, agreed_blobs
from tests.conftest import NewStores
from tests.support.command import refusal
from tests.support.emulators import fresh

FIRST = Path(__file__).parent / "schema_0001.sql"
CONTENT = b"a banana"


@pytest.fixture
def old_data(tmp_path: Path) -> Path:
    """Make a data folder as the first emulator left it."""
    data = tmp_path / "data"
    (data / "blobs").mkdir(parents=True)
    with closing(sqlite3.connect(data / "emulator.sqlite3")) as database:
        database.executescript(FIRST.read_text(encoding="utf-8"))
        (blob_id,) = (blob_id for (blob_id,) in database.execute("SELECT id FROM blobs"))
    (data / "blobs" / blob_id).write_bytes(CONTENT)
    return data


def test_a_data_folder_of_the_first_emulator_opens(old_data: Path) -> None:
    """Everything in a folder of the first emulator is there, works on, and is still there at the next start."""
    for _ in range(2):
        with fresh(data=old_data) as api:
            assert [registry["name"] for registry in api.ok("list_registries")] == ["one", "two"]
            assert [token["description"] for token in api.ok("list_registry_tokens", "one")] == ["for a test"]
            for slug in ("one", "two"):
                listed = api.ok("list_packages", slug)["items"]
                assert [package["name"] for package in listed if package["version"] == "1.0.0"] == ["banana"]
            published = api.publish("one", packages.generic("cherry", "2.0.0", b"a cherry"))
            assert published.status_code in {200, 422}
    assert len(agreed_blobs(Stores.of_folder(old_data))) == 2


def test_steps_lead_to_the_tables_that_new_databases_get(old_data: Path) -> None:
    """A database that took all steps has the tables, columns, indices and constraints of a new one."""
    Database(f"sqlite:///{old_data}/emulator.sqlite3").close()
    engine = create_engine(f"sqlite:///{old_data}/emulator.sqlite3")
    with engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), metadata)
    engine.dispose()
    assert differences == []


def test_the_newest_step_is_the_one_that_new_databases_are_marked_with() -> None:
    """No step is forgotten: `schema.NEWEST` is the head of a single line of steps."""
    assert ScriptDirectory(str(schema.MIGRATIONS)).get_heads() == [schema.NEWEST]


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_database_of_a_newer_emulator_is_refused(new_stores: NewStores, kind: str) -> None:
    """A database that a newer emulator has changed is left as it is, and the message says so."""
    url = new_stores(kind, "memory").database
    Database(url).close()
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(StoreError, match="schema 9999 of a newer emulator; this one knows up to"):
        Database(url)
    with engine.begin() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one() == "9999"
    engine.dispose()


def test_a_step_that_fails_leaves_the_old_database_as_it_was(old_data: Path) -> None:
    """A step that does not go through changes nothing, and the emulator ends with one line."""
    path = old_data / "emulator.sqlite3"
    with closing(sqlite3.connect(path)) as database:
        # `requests` is made last, so all that comes before it has to be undone.
        database.executescript("CREATE TABLE requests (id INTEGER)")
        before = list(database.iterdump())
    assert "cannot use the database" in refusal(f"--data={old_data}")
    with closing(sqlite3.connect(path)) as database:
        assert list(database.iterdump()) == before


def test_blobs_of_another_database_are_left_alone(tmp_path: Path) -> None:
    """A database that is not the blobs' own is refused, rather than sweep them all for strays."""
    with fresh(data=tmp_path / "mine") as api:
        api.publish(api.registry(), packages.generic("a", "1.0.0", b"precious"))
    blobs = f"--blobs={(tmp_path / 'mine/blobs').as_uri()}"
    assert "the blobs there belong to another database" in refusal(blobs)
    (tmp_path / "mine" / "blobs" / "database").unlink()
    assert "there are blobs already, and they are not of this database" in refusal(blobs)
    assert len(agreed_blobs(Stores.of_folder(tmp_path / "mine"))) == 1
