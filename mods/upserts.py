"""Many rows in one statement: what the ORM does takes four times as long.

SQLite is in this process, so that a statement costs little when its text stays the same.
PostgreSQL is told all rows in one parameter, as JSON.
"""

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

from django.db import connection, models

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
        picked = ", ".join([*map(_picked, fields), *("%s" for _ in values)])
        _execute(f"{into} SELECT {picked} FROM {_given(fields)} {conflict}", fields, rows, values)
    else:
        places = ", ".join(["%s"] * len(columns))
        _execute_many(f"{into} VALUES ({places}) {conflict}", fields, rows, values)


def update(model: type[models.Model], name: str, rows: Iterable[Row]) -> None:
    """Set the field ``name`` of rows that are there; each is given as this value and its key."""
    fields = [model._meta.get_field(name), model._meta.pk]
    column, key = (_quoted(field) for field in fields)
    change = f"UPDATE {_table(model)} SET {column} = "
    if connection.vendor == "postgresql":
        where = f"FROM {_given(fields)} WHERE {_table(model)}.{key} = given.{key}"
        _execute(f"{change}{_picked(fields[0])} {where}", fields, rows)
    else:
        _execute_many(f"{change}%s WHERE {key} = %s", fields, rows)


_Field = Any  # of a model


def _fields(model: type[models.Model], names: Iterable[str]) -> list[_Field]:
    return [model._meta.get_field(name) for name in names]


def _execute(
    statement: str, fields: list[_Field], rows: Iterable[Row], values: Sequence[Any] = ()
) -> None:
    names = [field.column for field in fields]
    given = [dict(zip(names, row, strict=True)) for row in rows]
    with connection.cursor() as cursor:
        text = json.dumps(given, default=_as_text, ensure_ascii=False)
        cursor.execute(statement, [*values, text])


def _execute_many(
    statement: str, fields: list[_Field], rows: Iterable[Row], values: Sequence[Any] = ()
) -> None:
    adapters = [(place, adapt) for place, adapt in enumerate(map(_adapter, fields)) if adapt]
    ready = []
    for row in rows:
        one = [*row, *values]
        for place, adapt in adapters:
            one[place] = adapt(one[place])
        ready.append(one)
    with connection.cursor() as cursor:
        cursor.executemany(statement, ready)


def _adapter(field: _Field) -> Callable[[Any], Any] | None:
    """What makes of a value that which SQLite stores; None where that is the value itself."""
    if isinstance(field, models.DateTimeField):
        return connection.ops.adapt_datetimefield_value
    return json.dumps if isinstance(field, models.JSONField) else None


def _as_text(value: datetime | bytes) -> str:
    """What JSON has no word for."""
    return value.isoformat() if isinstance(value, datetime) else value.hex()


def _given(fields: list[_Field]) -> str:
    columns = ", ".join(f"{_quoted(field)} {_type(field)}" for field in fields)
    return f"json_to_recordset(%s::json) AS given({columns})"


def _type(field: _Field) -> str:
    if isinstance(field, models.BinaryField):
        return "text"
    db_type = str(field.db_type(connection))
    # What is too long is refused by the column.
    return "varchar" if db_type.startswith("varchar") else db_type


def _picked(field: _Field) -> str:
    column = f"given.{_quoted(field)}"
    return f"decode({column}, 'hex')" if isinstance(field, models.BinaryField) else column


def _table(model: type[models.Model]) -> str:
    return connection.ops.quote_name(model._meta.db_table)


def _quoted(field: _Field) -> str:
    return connection.ops.quote_name(field.column)
