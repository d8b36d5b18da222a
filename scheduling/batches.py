"""Many rows in one statement, for what a busy worker writes all the time.

The ORM does the same a row at a time, or with a parameter a value: it takes most of the time
of a pass with a thousand slots.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any

from django.db import connection, models

# A statement holds about this many characters of text, and no more rows than this.
MAX_TEXT, MAX_ROWS = 1_000_000, 1_000

Slot = tuple[str, datetime]


def among(column: str, texts: Iterable[str]) -> models.Func:
    """A condition: whether a column of text is one of these.

    ``__in`` makes each of them a parameter of its own, and takes longer for it than the query.
    """
    listed = list(texts)
    if connection.vendor == "postgresql":
        given, operator, end = models.Value(listed), " = ANY(", ")"
    else:
        given, operator, end = (
            models.Value(json.dumps(listed)),
            " IN (SELECT value FROM json_each(",
            "))",
        )
    return models.Func(
        models.F(column),
        given,
        template=f"%(expressions)s{end}",
        arg_joiner=operator,
        output_field=models.BooleanField(),
    )


def insert_slots(template: models.Model, slots: Sequence[Slot]) -> list[tuple[int, str, datetime]]:
    """Insert a row like ``template`` for each job and slot, but for those that have one.

    Returns id, job and slot of the rows that this call made.
    """
    return insert_rows(template, ("job_name", "scheduled_for"), slots)


def insert_rows(
    template: models.Model, fields: Sequence[str], rows: Sequence[Sequence[Any]]
) -> list[tuple[int, str, datetime]]:
    """The same with any ``fields`` that differ from row to row."""
    model = template._meta.model
    columns, values, constants = [], [], []
    for one in model._meta.concrete_fields:
        if one.primary_key:
            continue
        columns.append(_quoted(one.column))
        if one.name in fields:
            values.append(f"given.{_quoted(one.column)}")
        else:
            values.append("%s")
            constants.append(one.get_db_prep_save(getattr(template, one.attname), connection))
    given, parameters = _given([model._meta.get_field(name) for name in fields], rows)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {_table(model)} ({', '.join(columns)})"
            f" SELECT {', '.join(values)} FROM {given} WHERE true"
            " ON CONFLICT DO NOTHING RETURNING id, job_name, scheduled_for",
            [*constants, *parameters],
        )
        return [(pk, name, _moment(slot)) for pk, name, slot in cursor.fetchall()]


def set_moments(model: type[models.Model], column: str, moments: Iterable[Slot]) -> None:
    """Set ``column`` of the rows with these keys to these moments."""
    fields = [model._meta.get_field(name) for name in ("id", column)]
    given, parameters = _given(fields, list(moments))
    table, key = _table(model), _quoted("id")
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} SET {_quoted(column)} = given.{_quoted(column)} FROM {given}"
            f" WHERE {table}.{key} = given.{key}",
            parameters,
        )


def update_running(
    model: type[models.Model],
    process_id: int,
    fields: Sequence[str],
    rows: Sequence[tuple[int, Sequence[Any]]],
) -> set[int]:
    """Set ``fields`` of the runs with these ids, as far as they are still running and this
    process's; returns the ids of those."""
    columns = [model._meta.get_field(name) for name in fields]
    converters = [_converter(one) for one in columns]
    ready = [
        (pk, [convert(value) for convert, value in zip(converters, values, strict=True)])
        for pk, values in rows
    ]
    write = _update_together if connection.vendor == "postgresql" else _update_each
    written: set[int] = set()
    for batch in _batches(ready):
        written |= write(model, process_id, columns, batch)
    return written


_Ready = tuple[int, list[Any]]
_Column = Any  # a field of a model


def _update_each(
    model: type[models.Model], process_id: int, columns: Sequence[_Column], rows: list[_Ready]
) -> set[int]:
    """SQLite is in this process: what a statement costs is its text, and that stays the same."""
    settings = ", ".join(f"{_quoted(one.column)} = %s" for one in columns)
    statement = (
        f"UPDATE {_table(model)} SET {settings}"
        " WHERE id = %s AND status = 'running' AND process_id = %s"
    )
    written = set()
    with connection.cursor() as cursor:
        for pk, values in rows:
            cursor.execute(statement, [*values, pk, process_id])
            if cursor.rowcount:
                written.add(pk)
    return written


def _update_together(
    model: type[models.Model], process_id: int, columns: Sequence[_Column], rows: list[_Ready]
) -> set[int]:
    types = [str(one.db_type(connection)) for one in columns]
    names = [_quoted(one.column) for one in columns]
    settings = ", ".join(f"{name} = given.{name}" for name in names)
    arrays = ", ".join(["%s::bigint[]", *(f"%s::{_element(one)}[]" for one in types)])
    table = _table(model)
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} SET {settings} FROM unnest({arrays}) AS given(id, {', '.join(names)})"
            f" WHERE {table}.id = given.id AND {table}.status = 'running' AND process_id = %s"
            f" RETURNING {table}.id",
            [
                [pk for pk, _values in rows],
                *(list(column) for column in zip(*(values for _pk, values in rows), strict=True)),
                process_id,
            ],
        )
        return {pk for (pk,) in cursor.fetchall()}


def _element(db_type: str) -> str:
    # What is too long is refused by the column; a cast would cut it.
    return "varchar" if db_type.startswith("varchar") else db_type


def _batches(rows: list[_Ready]) -> Iterator[list[_Ready]]:
    batch: list[_Ready] = []
    size = 0
    for row in rows:
        size += sum(len(value) for value in row[1] if isinstance(value, str))
        if batch and (size > MAX_TEXT or len(batch) == MAX_ROWS):
            yield batch
            batch, size = [], 0
        batch.append(row)
    if batch:
        yield batch


def _converter(field: _Column) -> Callable[[Any], Any]:
    """What makes of a value that which the column takes, and raises on what it can't be."""
    if isinstance(field, models.DateTimeField):
        # Looked up once: each look at the connection goes through the thread's locals.
        adapt = connection.ops.adapt_datetimefield_value
        # Many jobs have the same slot: it is adapted once.
        return cache(lambda value: None if value is None else adapt(value))
    if isinstance(field, models.JSONField):
        return lambda value: None if value is None else json.dumps(value)
    return int if isinstance(field, models.IntegerField) else str


def _given(fields: Sequence[_Column], rows: Sequence[Sequence[Any]]) -> tuple[str, list[Any]]:
    """A table ``given`` of these rows, its columns named like the fields', and its parameters."""
    converters = [_converter(one) for one in fields]
    ready = [[f(value) for f, value in zip(converters, row, strict=True)] for row in rows]
    names = [_quoted(one.column) for one in fields]
    if connection.vendor == "postgresql":
        types = [_element(str(one.db_type(connection))) for one in fields]
        arrays = ", ".join(f"%s::{one}[]" for one in types)
        columns = [list(column) for column in zip(*ready, strict=True)]
        return f"unnest({arrays}) AS given({', '.join(names)})", columns
    picked = ", ".join(f"json_extract(value, '$[{at}]') AS {name}" for at, name in enumerate(names))
    return f"(SELECT {picked} FROM json_each(%s)) AS given", [json.dumps(ready)]


def _moment(stored: datetime) -> datetime:
    """SQLite keeps UTC without saying so."""
    return stored if stored.tzinfo else stored.replace(tzinfo=UTC)


def _table(model: type[models.Model]) -> str:
    return _quoted(model._meta.db_table)


def _quoted(name: str | None) -> str:
    return connection.ops.quote_name(str(name))
