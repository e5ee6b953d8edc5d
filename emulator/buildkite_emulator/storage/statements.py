"""Statements that nearly every request needs.

SQLite runs them within microseconds, and SQLAlchemy takes several times as long around each. So SQLAlchemy writes their
SQL and knows their types, once, and then they go to SQLite's driver directly. PostgreSQL is further away than that
matters, and is reached through SQLAlchemy.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Generic, NamedTuple, TypeVar

from sqlalchemy import Connection, Delete, Insert, Select, Update
from sqlalchemy.dialects import sqlite
from sqlalchemy.sql.dml import ReturningInsert, ReturningUpdate

DIALECT = sqlite.dialect(paramstyle="named")

Readable = Select[Any] | ReturningInsert[Any] | ReturningUpdate[Any]
AnyStatement = Readable | Insert | Update | Delete

R = TypeVar("R", bound=NamedTuple)

NUL = "\0"


class Selection:
    """A SELECT, or an INSERT or UPDATE with RETURNING, that is run again and again with other values.

    Args:
        statement: the statement; what differs from run to run is a parameter with a name.
    """

    def __init__(self, statement: Readable) -> None:
        self._statement = statement
        self._prepared = PreparedStatements(statement)

    def rows(self, connection: Connection, values: Mapping[str, object]) -> Sequence[Sequence[Any]]:
        """Run it; returns all rows, without names.

        Args:
            connection: a connection with a transaction begun.
            values: a value for each parameter, and for each column that is to be set.

        Raises:
            sqlalchemy.exc.IntegrityError: on PostgreSQL, the database refused it.
            sqlite3.IntegrityError: likewise on SQLite.
        """
        if connection.dialect.name != DIALECT.name:
            return connection.execute(self._statement, values).all()
        prepared = self._prepared.of(values)
        return prepared.read(prepared.run(connection, values).fetchall())


class Query(Selection, Generic[R]):
    """A selection whose rows have a type.

    Args:
        statement: as of `Selection`.
        row: the type of its rows, with a field for each column.

    Raises:
        TypeError: the fields are not the columns.
    """

    def __init__(self, statement: Readable, row: type[R]) -> None:
        super().__init__(statement)
        self._row = row
        columns = tuple(str(column.key) for column in statement.exported_columns)
        if columns != row._fields:
            raise TypeError(f"{row.__name__} has the fields {row._fields}, and its rows the columns {columns}")

    def all(self, connection: Connection, values: Mapping[str, object]) -> Sequence[R]:
        """Run it; returns all rows."""
        return list(map(self._row._make, self.rows(connection, values)))

    def first(self, connection: Connection, values: Mapping[str, str]) -> R | None:
        """Run it; returns the first row. No stored text contains NUL; PostgreSQL would refuse to look for it."""
        if NUL in "".join(values.values()):
            return None
        rows = self.rows(connection, values)
        return self._row._make(rows[0]) if rows else None


class Change:
    """An INSERT, an UPDATE or a DELETE that is run again and again with other values.

    Args:
        statement: the statement; what differs from run to run is a parameter with a name.
    """

    def __init__(self, statement: Insert | Update | Delete) -> None:
        self._statement = statement
        self._prepared = PreparedStatements(statement)

    def run(self, connection: Connection, values: Mapping[str, object]) -> int:
        """Run it; returns how many rows it inserted, changed or deleted.

        Args:
            connection: a connection with a transaction begun.
            values: a value for each parameter, and for each column that is to be set.

        Raises:
            sqlalchemy.exc.IntegrityError, sqlite3.IntegrityError: as of `Selection.rows`.
        """
        if connection.dialect.name != DIALECT.name:
            return connection.execute(self._statement, values).rowcount
        changed: int = self._prepared.of(values).run(connection, values).rowcount
        return changed

    def run_each(self, connection: Connection, rows: Sequence[Mapping[str, object]]) -> None:
        """Run it for each of several rows, which have the same names."""
        if connection.dialect.name != DIALECT.name:
            connection.execute(self._statement, rows)
        else:
            for row in rows:
                self.run(connection, row)


class PreparedStatements:
    """A statement in SQLite's form, for each set of names that it is run with."""

    def __init__(self, statement: AnyStatement) -> None:
        self._statement = statement
        self._by_names: dict[tuple[str, ...], Prepared] = {}

    def of(self, values: Mapping[str, object]) -> "Prepared":
        """Prepare the statement for the names of some values, once."""
        names = tuple(values)
        prepared = self._by_names.get(names)
        if prepared is None:
            prepared = self._by_names[names] = Prepared(self._statement, names)
        return prepared


class Prepared:
    """A statement in SQLite's form.

    Args:
        statement: the statement.
        names: of the values that it is run with.
    """

    def __init__(self, statement: AnyStatement, names: Sequence[str]) -> None:
        compiled = statement.compile(dialect=DIALECT, column_keys=list(names))
        self._sql = str(compiled)
        self._constants = {name: value for name, value in compiled.params.items() if name not in names}
        types = {name: parameter.type.dialect_impl(DIALECT) for name, parameter in compiled.binds.items()}
        writers = {name: kind.bind_processor(DIALECT) for name, kind in types.items()}
        self._writers = {name: write for name, write in writers.items() if write is not None}
        columns = statement.exported_columns
        readers = [column.type.dialect_impl(DIALECT).result_processor(DIALECT, None) for column in columns]
        self._readers = [(place, read) for place, read in enumerate(readers) if read is not None]

    def run(self, connection: Connection, values: Mapping[str, object]) -> Any:
        """Run it; returns the driver's cursor."""
        driver: Any = connection.connection.driver_connection
        bound = {**self._constants, **values}
        for name, write in self._writers.items():
            bound[name] = write(bound[name])
        return driver.execute(self._sql, bound)

    def read(self, rows: Sequence[Sequence[Any]]) -> Sequence[Sequence[Any]]:
        """Give the values of the driver's rows the types of their columns."""
        return [self._typed(row) for row in rows] if self._readers else rows

    def _typed(self, row: Sequence[Any]) -> Sequence[Any]:
        values = list(row)
        for place, read in self._readers:
            values[place] = read(values[place])
        return values
