"""All addresses of the web process."""

from django.contrib import admin
from django.urls import include, path

from mods import api as mods_api
from mods import readiness_api
from scheduling.api.v1 import api
from scheduling.health import healthz, readyz
from scheduling.metrics.views import metrics
from scheduling.views.overview import overview

api.title = admin.site.site_title = "vsmanager"
api.add_router("/readiness", readiness_api.router)
api.add_router("", mods_api.router)

handler500 = "vsmanager.failures.server_error"

urlpatterns = [
    path("", overview, name="home"),
    path("", include("scheduling.urls")),
    path("", include("mods.urls")),
    path("api/v1/", api.urls),
    path("admin/", admin.site.urls),
    path("healthz", healthz),
    path("readyz", readyz),
    path("metrics", metrics),
]
