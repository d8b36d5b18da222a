"""The pages of mods."""

from django.urls import path

from . import feeds
from .views import catalogue, readiness, tracked, tracked_changes, upstream

urlpatterns = [
    path("mods/", catalogue.mods_page, name="mods-mods"),
    path("mods/changes/", upstream.changes_page, name="mods-changes"),
    path("mods/<int:modid>/", catalogue.mod_page, name="mods-mod"),
    path("versions/", upstream.versions_page, name="mods-versions"),
    path("feeds/changes.atom", feeds.changes_feed, name="mods-changes-feed"),
    path("mods/tracked/", tracked.tracked_page, name="mods-tracked"),
    path("mods/tracked/paste/", tracked_changes.paste, name="mods-tracked-paste"),
    path("mods/tracked/upload/", tracked_changes.upload, name="mods-tracked-upload"),
    path("mods/tracked/clear/", tracked_changes.clear, name="mods-tracked-clear"),
    path("mods/tracked/<int:pk>/change/", tracked_changes.change, name="mods-tracked-change"),
    path("mods/tracked/<int:pk>/remove/", tracked_changes.remove, name="mods-tracked-remove"),
    path("mods/<int:modid>/track/", tracked_changes.track, name="mods-track"),
    path("mods/readiness/", readiness.readiness_page, name="mods-readiness"),
]
