"""The project's settings with jobs to watch in a browser."""

from vsmanager.settings import *  # noqa: F403
from vsmanager.settings import INSTALLED_APPS

INSTALLED_APPS = ["tests.browser.play", *INSTALLED_APPS]
