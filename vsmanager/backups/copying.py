"""All rows of a SQLite database into a PostgreSQL one, table by table, and compared."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Any

from django.apps import apps
from django.core.management.color import no_style
from django.db import DataError, connections, transaction
from django.db.models import Field, Model

from .errors import Refused

_BATCH = 2_000
_SUM = 2**128


@dataclass(slots=True)
class Table:
    """Rows as they pass by: how many, and a sum of hashes that does not depend on their order."""

    name: str
    rows: int = 0
    checksum: int = 0

    def add(self, row: tuple[Any, ...]) -> None:
        self.rows += 1
        digest = blake2b(repr([_plain(value) for value in row]).encode("utf-8", "replace"))
        self.checksum = (self.checksum + int.from_bytes(digest.digest()[:16])) % _SUM


def models() -> list[type[Model]]:
    found = apps.get_models(include_auto_created=True)
    return [model for model in found if model._meta.managed and not model._meta.proxy]


def copy_all(source: str, target: str, tell: Callable[[Table], Any]) -> None:
    """Copy and compare in one transaction on either side. Raises Refused, and then the target
    is as it was; the source is only read, and nobody else can write to it meanwhile."""
    with transaction.atomic(using=source), transaction.atomic(using=target):
        # What migrations have put there comes from the source too.
        with connections[target].cursor() as cursor:
            tables = ", ".join(f'"{model._meta.db_table}"' for model in models())
            cursor.execute(f"TRUNCATE {tables}")
        for model in models():
            sent, received = _copy(model, source, target), _read(model, target)
            if sent != received:
                raise Refused(
                    f"{sent.name}: {sent.rows:,} rows were sent and {received.rows:,} arrived, or "
                    "not as they were sent. Nothing was moved."
                )
            tell(sent)
        _reset_sequences(target)


def _copy(model: type[Model], source: str, target: str) -> Table:
    table, connection, fields = Table(model._meta.db_table), connections[target], _fields(model)
    columns = ", ".join(f'"{field.column}"' for field in fields)
    statement = f'COPY "{table.name}" ({columns}) FROM STDIN'
    try:
        # Of what a COPY raises Django translates nothing by itself.
        with (
            connection.wrap_database_errors,
            connection.cursor() as cursor,
            cursor.copy(statement) as copy,
        ):
            for row in _rows(model, source):
                table.add(row)
                values = zip(fields, row, strict=True)
                copy.write_row([field.get_db_prep_save(v, connection) for field, v in values])
    except DataError as error:
        told = " ".join(str(error).split())
        raise Refused(
            f"{table.name} holds what PostgreSQL refuses, in its row {table.rows:,} or shortly "
            f"before: {told} Nothing was moved."
        ) from None
    return table


def _read(model: type[Model], alias: str) -> Table:
    table = Table(model._meta.db_table)
    for row in _rows(model, alias):
        table.add(row)
    return table


def _rows(model: type[Model], alias: str) -> Iterator[tuple[Any, ...]]:
    names = [field.attname for field in _fields(model)]
    rows = model._base_manager.using(alias).order_by().values_list(*names)
    return iter(rows.iterator(chunk_size=_BATCH))


def _fields(model: type[Model]) -> "list[Field[Any, Any]]":
    return [field for field in model._meta.concrete_fields if isinstance(field, Field)]


def _reset_sequences(alias: str) -> None:
    """The next rows get numbers after those that came along."""
    connection = connections[alias]
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), models()):
            cursor.execute(statement)


def _plain(value: Any) -> Any:
    """The same for the same value, whichever database it comes from."""
    if isinstance(value, datetime):
        return value.timestamp()
    if isinstance(value, memoryview | bytes):
        return bytes(value)
    if isinstance(value, dict | list | float):
        # PostgreSQL knows no negative zero, and sorts keys its own way.
        return json.dumps(value, sort_keys=True).replace("-0.0", "0.0")
    return value
