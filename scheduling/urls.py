"""The pages of scheduling."""

from django.urls import path
from django.views.generic import RedirectView

from .views import pauses, runs, settings

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="scheduling-settings"), name="home"),
    path("settings/", settings.settings_page, name="scheduling-settings"),
    path("settings/pause/", pauses.pause_all, name="scheduling-pause-all"),
    path("settings/resume/", pauses.resume_all, name="scheduling-resume-all"),
    path("settings/<str:name>/applied/", settings.applied_fragment, name="scheduling-applied"),
    path("settings/<str:name>/pause/", pauses.pause, name="scheduling-pause"),
    path("settings/<str:name>/resume/", pauses.resume, name="scheduling-resume"),
    path("settings/<str:name>/run/", settings.run_now, name="scheduling-run-now"),
    path("runs/", runs.runs_page, name="scheduling-runs"),
    path("runs/<int:run_id>/", runs.run_page, name="scheduling-run"),
    path("runs/<int:run_id>/cancel/", runs.cancel, name="scheduling-cancel"),
]
