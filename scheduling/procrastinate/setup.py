"""Procrastinate's app as this project uses it. Called once Django is ready, in every process."""

from django.conf import settings
from django.contrib import admin
from procrastinate import App
from procrastinate.app import WorkerOptions
from procrastinate.contrib.django.models import ProcrastinateJob

from . import strays, task
from .patience import PatientJobManager
from .tickets import TASK

# What ``procrastinate worker`` does unless its options say otherwise.
DEFAULTS: WorkerOptions = {
    "concurrency": settings.SCHEDULER_THREADS,
    # How runs ended stands in JobRun.
    "delete_jobs": "always",
    # For a message that was missed: Procrastinate forgets those that come while it fetches.
    "fetch_job_polling_interval": 2.0,
    "shutdown_graceful_timeout": 30.0,
    "update_heartbeat_interval": 4.0,
    # Its own would tidy up the database connections of a thread that our task has none in.
    "task_middleware": [],
    "stalled_worker_timeout": strays.GONE_AFTER.total_seconds(),
}


def prepare(app: App) -> None:
    app.job_manager = PatientJobManager(app.connector)
    app.worker_defaults = {**app.worker_defaults, **DEFAULTS}
    app.task(name=TASK, pass_context=True)(task.run)
    # It would let a person with the view permission abort runs, past the history of who did what.
    if admin.site.is_registered(ProcrastinateJob):
        admin.site.unregister(ProcrastinateJob)
