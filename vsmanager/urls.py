"""All addresses of the web process."""

from django.contrib import admin
from django.urls import include, path

from scheduling.api.v1 import api
from scheduling.health import healthz, readyz

urlpatterns = [
    path("", include("scheduling.urls")),
    path("api/v1/", api.urls),
    path("admin/", admin.site.urls),
    path("healthz", healthz),
    path("readyz", readyz),
]
