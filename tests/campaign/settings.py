"""The project's settings with the jobs of the campaign."""

from vsmanager.settings import *  # noqa: F403
from vsmanager.settings import INSTALLED_APPS

INSTALLED_APPS = ["tests.campaign.play", *INSTALLED_APPS]
