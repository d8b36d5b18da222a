"""The project's settings with jobs that tests can watch."""

from vsmanager.settings import *  # noqa: F403
from vsmanager.settings import INSTALLED_APPS

INSTALLED_APPS = ["tests.process.play", *INSTALLED_APPS]
