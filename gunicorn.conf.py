"""How the web process is run: gunicorn reads this file from the folder that it is started in.

What stands on its command line wins, such as ``--bind unix:/run/vsmanager/web.sock``.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from django.core.exceptions import ImproperlyConfigured

from vsmanager import env
from vsmanager.start import read_settings, refuse

if TYPE_CHECKING:
    from gunicorn.arbiter import Arbiter

# Here, where it ends the start with a line; in its workers gunicorn would try again and again.
read_settings(service=True)
try:
    workers = env.integer("WEB_WORKERS", 2, 1, 64)
    # A thread waits for the database most of the time; more of them than this only take memory.
    threads = env.integer("WEB_THREADS", 8, 1, 100)
except ImproperlyConfigured as error:
    refuse(f"vsmanager can't start: {error}", service=True)
bind = "127.0.0.1:8000"
# Threads, and connections that stay open: a proxy asks many times through each.
worker_class = "gthread"
keepalive = 75
timeout = 60
logger_class = "vsmanager.weblog.Logger"
graceful_timeout = 25
# vsmanager.proxies reads what a proxy says, of those that TRUSTED_PROXIES names.
forwarded_allow_ips = ""
# The folder may be read-only, and nobody asks through it.
control_socket_disable = True


def on_starting(server: "Arbiter") -> None:
    """Refuse what would only fail, or do harm, once somebody asks."""
    from django.conf import settings

    if settings.STATIC_ROOT and not Path(settings.STATIC_ROOT, "staticfiles.json").exists():
        refuse(
            "vsmanager can't start: STATIC_ROOT names a folder that holds no static files."
            " Run: python manage.py collectstatic",
            service=True,
        )
    hosts = [address[0] for address in server.cfg.address if isinstance(address, tuple)]
    if settings.DEBUG and not env.local_only(hosts):
        refuse(f"vsmanager can't start: DEBUG must be false to listen at {hosts[0]}.", service=True)
