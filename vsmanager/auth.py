"""Who somebody is and what they may do: one query a request, where Django asks three."""

import time
from typing import Any

from axes.backends import AxesStandaloneBackend
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import Permission, User
from django.db.models import Func, JSONField, OuterRef, Q, Subquery, Value
from django.db.models.functions import Concat

from scheduling import reauth


class _JsonList(Func):
    """All values of a subquery as one JSON list."""

    function = "JSONB_AGG"
    output_field = JSONField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, function="JSON_GROUP_ARRAY", **context)


class OneQueryBackend(AxesStandaloneBackend, ModelBackend):  # type: ignore[misc]
    """Signs in as Django does, but nobody who has to wait (``signin``); somebody signed in comes
    with all their permissions."""

    def authenticate(
        self, request: Any, username: Any = None, password: Any = None, **others: Any
    ) -> Any:
        if request is not None:
            # Before the password is looked at, which costs a core for a third of a second.
            super().authenticate(request, username=username, password=password, **others)
        user = ModelBackend.authenticate(self, request, username, password, **others)
        if user is not None and hasattr(request, "session"):
            reauth.note(request, user, time.time())
        return user

    def get_user(self, user_id: int) -> Any:
        granted = (
            Permission.objects.filter(Q(user=OuterRef("pk")) | Q(group__user=OuterRef("pk")))
            .order_by()
            .values(
                names=_JsonList(Concat("content_type__app_label", Value("."), "codename")),
            )
        )
        user = User.objects.annotate(granted=Subquery(granted)).filter(pk=user_id).first()
        if user is None or not self.user_can_authenticate(user):
            return None
        if not user.is_superuser:
            # Where ModelBackend.get_all_permissions looks before it asks the database.
            user._perm_cache = {*(user.granted or [])}  # type: ignore[attr-defined]
        return user
