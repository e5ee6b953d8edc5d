"""Questions to the database that nearly every request asks.

SQLite answers them within microseconds, and SQLAlchemy takes several times as long around each. So SQLAlchemy writes
their SQL and knows their types, once, and then they go to SQLite's driver directly. PostgreSQL is further away than
that matters, and is asked through SQLAlchemy.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

from sqlalchemy import Connection, Select
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import IteratorResult
from sqlalchemy.engine.result import SimpleResultMetaData


class Question:
    """A SELECT, asked again and again with other values.

    Args:
        statement: the SELECT. Every value in it is a parameter with a name, and is text, a number or a truth value.
    """

    def __init__(self, statement: Select[Any]) -> None:
        self._statement = statement

    def ask(self, connection: Connection, values: Mapping[str, Any]) -> Sequence[Any]:
        """Run it; returns all rows, as SQLAlchemy has them.

        Args:
            connection: a connection with a transaction begun.
            values: a value for each parameter.
        """
        if connection.dialect.name != "sqlite":
            return connection.execute(self._statement, values).all()
        driver: Any = connection.connection.driver_connection
        rows = driver.execute(self._for_sqlite.sql, [values[name] for name in self._for_sqlite.parameters]).fetchall()
        return self._for_sqlite.read(rows)

    @cached_property
    def _for_sqlite(self) -> "Compiled":
        return Compiled(self._statement)


class Compiled:
    """A SELECT in SQLite's form.

    Attributes:
        sql: the text.
        parameters: names of its parameters, in the order of their places.
    """

    def __init__(self, statement: Select[Any]) -> None:
        dialect = sqlite.dialect()
        compiled = statement.compile(dialect=dialect)
        self.sql = str(compiled)
        self.parameters: Sequence[str] = compiled.positiontup or ()
        columns = statement.selected_columns
        self._metadata = SimpleResultMetaData([str(column.key) for column in columns])
        processors = [column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns]
        self._processors: Sequence[tuple[int, Callable[[Any], Any]]] = [
            (place, processor) for place, processor in enumerate(processors) if processor is not None
        ]

    def read(self, rows: Sequence[tuple[Any, ...]]) -> Sequence[Any]:
        """Make rows of SQLAlchemy of those of the driver."""
        if self._processors:
            rows = [self._processed(row) for row in rows]
        return IteratorResult(self._metadata, iter(rows)).all()

    def _processed(self, row: tuple[Any, ...]) -> tuple[Any, ...]:
        values = list(row)
        for place, processor in self._processors:
            values[place] = processor(values[place])
        return tuple(values)
