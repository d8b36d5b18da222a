"""The project's settings with the jobs of the benchmark."""

from vsmanager.settings import *  # noqa: F403
from vsmanager.settings import INSTALLED_APPS

INSTALLED_APPS = ["benchmarks.compare.play.ours", *INSTALLED_APPS]
