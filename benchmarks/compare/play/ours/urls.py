"""The project's pages, and an admin site as Django makes it."""

from django.contrib.admin import AdminSite, ModelAdmin
from django.urls import path
from django_apscheduler.models import DjangoJobExecution

from vsmanager.urls import urlpatterns as pages


class Executions(ModelAdmin):  # type: ignore[type-arg]
    """Tuned: no date_hierarchy and no count of all rows."""

    list_display = ("id", "job_id", "status", "run_time", "duration")
    show_full_result_count = False


stock = AdminSite(name="stock")
stock.register(DjangoJobExecution, Executions)
urlpatterns = [path("stock/", stock.urls), *pages]
