"""Many rows in one statement: what the ORM does takes five times as long on SQLite.

SQLite is in this process, so that a statement costs little when its text stays the same.
PostgreSQL copies the rows into a table of the transaction's own first.
"""

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any

from django.db import connection, models, transaction

Row = Sequence[Any]
_NONE: Mapping[str, Any] = MappingProxyType({})


def upsert(
    model: type[models.Model],
    names: Sequence[str],
    rows: Iterable[Row],
    same: Mapping[str, Any] = _NONE,
    *,
    kept: Collection[str] = (),
) -> None:
    """Insert rows of these fields, or update those that are there, all but their ``kept``.

    ``same`` are fields that have the same value in all rows.
    """
    fields, constants = _fields(model, names), _fields(model, same)
    columns = [_quoted(field) for field in (*fields, *constants)]
    key = _quoted(model._meta.pk)
    changed = [
        f"{column} = excluded.{column}"
        for name, column in zip((*names, *same), columns, strict=True)
        if column != key and name not in kept
    ]
    into = f"INSERT INTO {_table(model)} ({', '.join(columns)})"
    conflict = f"ON CONFLICT ({key}) DO UPDATE SET {', '.join(changed)}"
    values = [field.get_db_prep_save(same[field.name], connection) for field in constants]
    if connection.vendor == "postgresql":
        picked = ", ".join([*map(_quoted, fields), *("%s" for _ in values)])
        with _given(model, fields, rows) as given:
            _execute(f"{into} SELECT {picked} FROM {given} {conflict}", values)
    else:
        places = ", ".join(["%s"] * len(columns))
        _execute_many(f"{into} VALUES ({places}) {conflict}", fields, rows, values)


def update(model: type[models.Model], name: str, rows: Iterable[Row]) -> None:
    """Set the field ``name`` of rows that are there; each is given as this value and its key."""
    fields = [model._meta.get_field(name), model._meta.pk]
    column, key = (_quoted(field) for field in fields)
    change = f"UPDATE {_table(model)} SET {column} = "
    if connection.vendor == "postgresql":
        with _given(model, fields, rows) as given:
            where = f"FROM {given} AS given WHERE {_table(model)}.{key} = given.{key}"
            _execute(f"{change}given.{column} {where}")
    else:
        _execute_many(f"{change}%s WHERE {key} = %s", fields, rows)


_Field = Any  # of a model


def _fields(model: type[models.Model], names: Iterable[str]) -> list[_Field]:
    return [model._meta.get_field(name) for name in names]


@contextmanager
def _given(model: type[models.Model], fields: list[_Field], rows: Iterable[Row]) -> Iterator[str]:
    """The name of a table of these rows, with columns as those of the model."""
    columns = ", ".join(map(_quoted, fields))
    adapters = _adapters(fields)
    with transaction.atomic(savepoint=False), connection.cursor() as cursor:
        cursor.execute(
            f"CREATE TEMP TABLE given_rows ON COMMIT DROP AS SELECT {columns} FROM {_table(model)}"
            " WITH NO DATA"
        )
        with connection.wrap_database_errors, cursor.copy("COPY given_rows FROM STDIN") as copy:
            for row in rows:
                copy.write_row(_adapted(row, adapters))
        yield "given_rows"
        cursor.execute("DROP TABLE given_rows")


def _execute(statement: str, values: Sequence[Any] = ()) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def _execute_many(
    statement: str, fields: list[_Field], rows: Iterable[Row], values: Sequence[Any] = ()
) -> None:
    adapters = _adapters(fields)
    ready = [_adapted([*row, *values], adapters) for row in rows]
    with connection.cursor() as cursor:
        cursor.executemany(statement, ready)


_Adapter = tuple[int, Callable[[Any], Any]]


def _adapters(fields: list[_Field]) -> list[_Adapter]:
    """The places of values that a database does not take as they are, and what makes them so."""
    return [(place, adapt) for place, adapt in enumerate(map(_adapter, fields)) if adapt]


def _adapted(row: Row, adapters: list[_Adapter]) -> list[Any]:
    ready = list(row)
    for place, adapt in adapters:
        ready[place] = adapt(ready[place])
    return ready


def _adapter(field: _Field) -> Callable[[Any], Any] | None:
    if isinstance(field, models.DateTimeField) and connection.vendor == "sqlite":
        return connection.ops.adapt_datetimefield_value
    return json.dumps if isinstance(field, models.JSONField) else None


def _table(model: type[models.Model]) -> str:
    return connection.ops.quote_name(model._meta.db_table)


def _quoted(field: _Field) -> str:
    return connection.ops.quote_name(field.column)
