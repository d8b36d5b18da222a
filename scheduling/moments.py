"""Times of many rows, read quickly."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import DateTimeField, ExpressionWrapper, F, Func, TextField


class _Quick(DateTimeField):  # type: ignore[type-arg]
    """From SQLite times come without a zone, and Django's own way to add it takes long."""

    def get_internal_type(self) -> str:
        # Keeps the backend's reader away.
        return "TextField"

    def from_db_value(self, value: Any, *_others: Any) -> datetime | None:
        if value is None or value.tzinfo is not None:
            return value  # type: ignore[no-any-return]
        return value.replace(tzinfo=UTC)  # type: ignore[no-any-return]


def quick(column: str) -> "ExpressionWrapper[F]":
    """The time in ``column``, for ``values_list``."""
    return ExpressionWrapper(F(column), output_field=_Quick())


class Unread(Func):
    """A time for ``values_list`` that is not made into one: from SQLite the stored text, from
    PostgreSQL the microseconds since 1970.

    To make times of them takes most of the time of a long read; who has seen the row before
    (see ``read``) can save it.
    """

    template = "%(expressions)s"
    output_field = TextField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        # A column that says it is a time would be read by the driver.
        return self.as_sql(
            compiler, connection, template="CAST(%(expressions)s AS text)", **context
        )

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        # A text would depend on how the server writes times.
        template = "(EXTRACT(EPOCH FROM %(expressions)s) * 1000000)::bigint"
        return self.as_sql(compiler, connection, template=template, **context)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def read(value: str | int) -> datetime:
    """The time of a column that was ``Unread``."""
    if isinstance(value, int):
        return _EPOCH + timedelta(microseconds=value)
    return datetime.fromisoformat(value).replace(tzinfo=UTC)
