"""The project's settings, with many jobs."""

from vsmanager.settings import *  # noqa: F403
from vsmanager.settings import INSTALLED_APPS

INSTALLED_APPS = ["benchmarks.manyjobs", *INSTALLED_APPS]
