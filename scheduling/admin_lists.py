"""Lists of runs that cost what they show, on millions of rows too."""

from typing import Any

from django.contrib import admin
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from . import registry
from .models import JobRun, JobSchedule

MAX_COUNTED = 10_000


class BoundedPaginator(Paginator):  # type: ignore[type-arg]
    """Counts no further than anybody pages; the history page goes on from there."""

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        found: int = rows.values("pk")[:MAX_COUNTED].count()
        return found


class JobNameFilter(admin.SimpleListFilter):
    """By job, without reading all runs for their names."""

    title = _("job")
    parameter_name = "job"

    def lookups(self, _request: HttpRequest, _model_admin: Any) -> list[tuple[str, str]]:
        stored = JobSchedule.objects.values_list("name", flat=True)
        return [(name, name) for name in sorted({*stored, *registry.jobs()})]

    def queryset(self, _request: HttpRequest, queryset: QuerySet[JobRun]) -> QuerySet[JobRun]:
        return queryset.filter(job_name=self.value()) if self.value() else queryset
