"""Statements that nearly every request needs.

SQLite runs them within microseconds, and SQLAlchemy takes several times as long around each. So SQLAlchemy writes their
SQL and knows their types, once, and then they go to SQLite's driver directly. PostgreSQL is further away than that
matters, and is reached through SQLAlchemy.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, NamedTuple, TypeVar

from sqlalchemy import Connection, Delete, Insert, Select, Update
from sqlalchemy.dialects import sqlite

DIALECT = sqlite.dialect()

AnyStatement = Select[Any] | Insert | Update | Delete

R = TypeVar("R", bound=NamedTuple)

NUL = "\0"

Processor = Callable[[Any], Any]


class Query(Generic[R]):
    """A SELECT that is run again and again with other values.

    Args:
        statement: the statement; what differs from run to run is a parameter with a name.
        row: the type of its rows, with a field for each column.

    Raises:
        TypeError: the fields are not the columns.
    """

    def __init__(self, statement: Select[Any], row: type[R]) -> None:
        self._statement = statement
        self._row = row
        self._prepared = PreparedStatements(statement)
        columns = tuple(str(column.key) for column in statement.selected_columns)
        if columns != row._fields:
            raise TypeError(f"{row.__name__} has the fields {row._fields}, and its rows the columns {columns}")

    def all(self, connection: Connection, values: Mapping[str, object]) -> Sequence[R]:
        """Run it; returns all rows.

        Args:
            connection: a connection with a transaction begun.
            values: a value for each parameter.
        """
        make = self._row._make
        if connection.dialect.name != DIALECT.name:
            return [make(row) for row in connection.execute(self._statement, values)]
        prepared = self._prepared.of(values)
        return [make(row) for row in prepared.read(prepared.run(connection, values).fetchall())]

    def first(self, connection: Connection, values: Mapping[str, str]) -> R | None:
        """Run it; returns the first row. No value that it is asked for has NUL in it; PostgreSQL would refuse that."""
        if NUL in "".join(values.values()):
            return None
        rows = self.all(connection, values)
        return rows[0] if rows else None


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
            sqlalchemy.exc.IntegrityError: on PostgreSQL, the database refused it.
            sqlite3.IntegrityError: likewise on SQLite.
        """
        if connection.dialect.name != DIALECT.name:
            return connection.execute(self._statement, values).rowcount
        changed: int = self._prepared.of(values).run(connection, values).rowcount
        return changed


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
        types = {name: parameter.type.dialect_impl(DIALECT) for name, parameter in compiled.binds.items()}
        self._sql = str(compiled)
        self._constants = compiled.params
        self._parameters = [(name, types[name].bind_processor(DIALECT)) for name in compiled.positiontup or ()]
        columns = statement.selected_columns if isinstance(statement, Select) else ()
        processors = [column.type.dialect_impl(DIALECT).result_processor(DIALECT, None) for column in columns]
        self._processors = [(place, process) for place, process in enumerate(processors) if process is not None]

    def run(self, connection: Connection, values: Mapping[str, object]) -> Any:
        """Run it; returns the driver's cursor."""
        driver: Any = connection.connection.driver_connection
        return driver.execute(self._sql, [self._value(values, name, process) for name, process in self._parameters])

    def _value(self, values: Mapping[str, object], name: str, process: Processor | None) -> Any:
        value = values[name] if name in values else self._constants[name]
        return value if process is None else process(value)

    def read(self, rows: Sequence[Sequence[Any]]) -> Sequence[Any]:
        """Give the values of the driver's rows the types of their columns."""
        return [self._processed(row) for row in rows] if self._processors else rows

    def _processed(self, row: Sequence[Any]) -> Sequence[Any]:
        values = list(row)
        for place, process in self._processors:
            values[place] = process(values[place])
        return values
