"""The pages of scheduling."""

from django.urls import path, register_converter

from .views import (
    changes,
    confirm,
    day,
    export,
    job,
    overview,
    pauses,
    revert,
    run,
    runs,
    settings,
    tokens,
    wall,
    when,
    worker,
)


class JobName:
    """Any text: ``safe_job`` takes only names that fit in an address, but a row that a script
    wrote must not keep anybody from a page that lists it."""

    regex = "(?s:.*)"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(JobName, "job")

urlpatterns = [
    path("", overview.overview, name="scheduling-overview"),
    path("live/jobs/", overview.jobs_part, name="scheduling-overview-jobs"),
    path("live/failures/", overview.failures_part, name="scheduling-overview-failures"),
    path("live/extra/", overview.extra_part, name="scheduling-overview-extra"),
    path("wall/", wall.wall, name="scheduling-wall"),
    path("live/wall/jobs/", wall.jobs_part, name="scheduling-wall-jobs"),
    path("live/wall/worker/", wall.worker_part, name="scheduling-wall-worker"),
    path("live/worker/", worker.worker, name="scheduling-worker"),
    path("settings/", settings.settings_page, name="scheduling-settings"),
    path("settings/pause/", pauses.pause_all, name="scheduling-pause-all"),
    path("settings/resume/", pauses.resume_all, name="scheduling-resume-all"),
    path("settings/<job:name>/applied/", settings.applied_fragment, name="scheduling-applied"),
    path("settings/<job:name>/pause/", pauses.pause, name="scheduling-pause"),
    path("settings/<job:name>/resume/", pauses.resume, name="scheduling-resume"),
    path("settings/<job:name>/run/", settings.run_now, name="scheduling-run-now"),
    path("jobs/<job:name>/preview/", when.preview, name="scheduling-preview"),
    path("jobs/<job:name>/head/", job.job_head, name="scheduling-job-head"),
    path("jobs/<job:name>/times/", job.job_times, name="scheduling-job-times"),
    path("jobs/<job:name>/history/", job.job_history, name="scheduling-job-history"),
    path("jobs/<job:name>/revert/<int:entry_id>/", revert.revert, name="scheduling-revert"),
    # After those that begin the same: a name may hold a slash.
    path("jobs/<job:name>/", job.job_page, name="scheduling-job"),
    path("confirm/", confirm.confirm, name="scheduling-confirm"),
    path("tokens/", tokens.tokens_page, name="scheduling-tokens"),
    path("tokens/<int:token_id>/revoke/", tokens.revoke, name="scheduling-token-revoke"),
    path("changes/", changes.changes_page, name="scheduling-changes"),
    path("changes/newest/", changes.newest, name="scheduling-changes-newest"),
    path("day/", day.day_page, name="scheduling-day"),
    path("day/live/", day.day_part, name="scheduling-day-part"),
    path("runs/", runs.runs_page, name="scheduling-runs"),
    path("runs/live/", runs.newest, name="scheduling-runs-newest"),
    path("runs/export/", export.export, name="scheduling-runs-export"),
    path("runs/<int:run_id>/", run.run_page, name="scheduling-run"),
    path("runs/<int:run_id>/live/", run.run_part, name="scheduling-run-part"),
    path("runs/<int:run_id>/cancel/", run.cancel, name="scheduling-cancel"),
    path("runs/<int:run_id>/again/", run.run_again, name="scheduling-run-again"),
]
