"""What a transaction asks of the database and changes in it, a module for each subject.

Statements are made once, since making one takes longer than running it.
"""

import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from sqlalchemy import Connection, ScalarSelect, Table, func, select
from sqlalchemy.exc import IntegrityError

from buildkite_emulator.storage.statements import Change

Result = TypeVar("Result")
Values = TypeVar("Values")

COLLISIONS = {"SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY", "23505"}
"""What SQLite and PostgreSQL call an error of uniqueness: https://www.sqlite.org/rescode.html and
https://www.postgresql.org/docs/current/errcodes-appendix.html."""


MISSING = "23503"
"""What PostgreSQL calls a reference to a row that is not there. In SQLite nothing can have removed it meanwhile."""


class Taken(Exception):
    """What was to be written collides with what is there: a slug, or a package's name, version and variant."""


class TakenId(Exception):
    """An ID that was given is in use; the text says what for."""


class Conflict(Exception):
    """Another transaction has changed or removed what this one had read. It may be tried again, from the start."""


@dataclass
class Session:
    """The state that the queries of a transaction share.

    Attributes:
        connection: a connection with a transaction begun.
        process_id: the process that asks.
        released: IDs of blobs that no package uses any more, to be deleted once the transaction has ended well.
    """

    connection: Connection
    process_id: int
    released: list[str] = field(default_factory=list)


class Queries:
    """The queries of one subject.

    Args:
        session: of the transaction.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._connection = session.connection

    def _write(self, run: Callable[[Connection, Values], Result], values: Values) -> Result:
        """Run a statement that changes something.

        Args:
            run: a method of the statement.
            values: what it takes besides the connection.

        Raises:
            Taken: it collides with what is there.
            Conflict: another transaction has deleted what it refers to.
        """
        try:
            return run(self._connection, values)
        except (IntegrityError, sqlite3.IntegrityError) as error:
            cause = error.orig if isinstance(error, IntegrityError) else error
            names = {getattr(cause, "sqlite_errorname", None), getattr(cause, "sqlstate", None)}
            if names & COLLISIONS:
                raise Taken from error
            if MISSING in names:
                raise Conflict from error
            raise

    def _change(self, change: Change, values: Mapping[str, object]) -> None:
        """Run a change of a row that was read.

        Raises:
            Conflict: another transaction has deleted it.
        """
        if self._write(change.run, values) == 0:
            raise Conflict


def next_number(table: Table) -> ScalarSelect[int]:
    """Count on from the highest number of a table."""
    return select(func.coalesce(func.max(table.c.number), 0) + 1).scalar_subquery()
