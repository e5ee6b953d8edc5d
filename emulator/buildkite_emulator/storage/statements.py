"""Statements that nearly every request needs.

SQLite runs them within microseconds, and SQLAlchemy takes several times as long around each. So SQLAlchemy writes their
SQL and knows their types, once, and then they go to SQLite's driver directly. PostgreSQL is further away than that
matters, and is reached through SQLAlchemy.
"""

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Delete, Insert, Select, Update
from sqlalchemy.dialects import sqlite

DIALECT = sqlite.dialect()

AnyStatement = Select[Any] | Insert | Update | Delete

Processor = Callable[[Any], Any]


class Statement:
    """A statement that is run again and again with other values.

    Args:
        statement: the statement; what differs from run to run is a parameter with a name.
    """

    def __init__(self, statement: AnyStatement) -> None:
        self._statement = statement
        self._prepared: dict[tuple[str, ...], Prepared] = {}

    def ask(self, connection: Connection, values: Mapping[str, Any]) -> Sequence[Any]:
        """Run a SELECT.

        Args:
            connection: a connection with a transaction begun.
            values: a value for each parameter.

        Returns:
            all rows, as SQLAlchemy has them, or as named tuples that have what is used of those.
        """
        if connection.dialect.name != DIALECT.name:
            return connection.execute(self._statement, values).all()
        prepared = self._prepare(values)
        return prepared.read(prepared.run(connection, values).fetchall())

    def change(self, connection: Connection, values: Mapping[str, Any]) -> int:
        """Run an INSERT, an UPDATE or a DELETE.

        Args:
            connection: a connection with a transaction begun.
            values: a value for each parameter, and for each column that is to be set.

        Returns:
            how many rows it inserted, changed or deleted.

        Raises:
            sqlalchemy.exc.IntegrityError: on PostgreSQL, the database refused it.
            sqlite3.IntegrityError: likewise on SQLite.
        """
        if connection.dialect.name != DIALECT.name:
            return connection.execute(self._statement, values).rowcount
        changed: int = self._prepare(values).run(connection, values).rowcount
        return changed

    def _prepare(self, values: Mapping[str, Any]) -> "Prepared":
        names = tuple(values)
        prepared = self._prepared.get(names)
        if prepared is None:
            prepared = self._prepared[names] = Prepared(self._statement, names)
        return prepared


class Prepared:
    """A statement in SQLite's form.

    Args:
        statement: the statement.
        names: of the values that it is run with.
    """

    def __init__(self, statement: AnyStatement, names: Sequence[str]) -> None:
        compiled = statement.compile(dialect=DIALECT, column_keys=list(names))
        types = {name: parameter.type.dialect_impl(DIALECT) for name, parameter in compiled.binds.items()}
        self._sql = str(compiled)
        self._constants = compiled.params
        self._parameters = [(name, types[name].bind_processor(DIALECT)) for name in compiled.positiontup or ()]
        columns = statement.selected_columns if isinstance(statement, Select) else ()
        self._make_row = row_maker([str(column.key) for column in columns])
        processors = [column.type.dialect_impl(DIALECT).result_processor(DIALECT, None) for column in columns]
        self._processors = [(place, process) for place, process in enumerate(processors) if process is not None]

    def run(self, connection: Connection, values: Mapping[str, Any]) -> Any:
        """Run it; returns the driver's cursor."""
        driver: Any = connection.connection.driver_connection
        return driver.execute(self._sql, [self._value(values, name, process) for name, process in self._parameters])

    def _value(self, values: Mapping[str, Any], name: str, process: Processor | None) -> Any:
        value = values[name] if name in values else self._constants[name]
        return value if process is None else process(value)

    def read(self, rows: Sequence[Sequence[Any]]) -> Sequence[Any]:
        """Make rows of those of the driver."""
        if self._processors:
            rows = [self._processed(row) for row in rows]
        return [self._make_row(row) for row in rows]

    def _processed(self, row: Sequence[Any]) -> Sequence[Any]:
        values = list(row)
        for place, process in self._processors:
            values[place] = process(values[place])
        return values


def row_maker(names: Sequence[str]) -> Callable[[Sequence[Any]], Any]:
    """Make what makes named tuples of values."""
    make_type: Any = namedtuple
    maker: Callable[[Sequence[Any]], Any] = make_type("Row", names, rename=True)._make
    return maker
