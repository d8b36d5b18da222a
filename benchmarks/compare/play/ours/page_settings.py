"""The project's settings with a stock admin list of django-apscheduler's history beside it."""

from .settings import *  # noqa: F403

ROOT_URLCONF = "benchmarks.compare.play.ours.urls"
