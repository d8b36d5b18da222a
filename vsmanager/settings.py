"""All settings. What an operator may set comes from the environment (docs/settings.md)."""

import sys
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path

from csp.constants import NONE, SELF

from scheduling import redact

from . import env, logs

BASE_DIR = Path(__file__).resolve().parent.parent

DEBUG = env.boolean("DEBUG", False)
SECRET_KEY = env.secret_key(BASE_DIR)
SECRET_KEY_FALLBACKS = env.old_keys()
ALLOWED_HOSTS = env.hosts("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
if DEBUG and not env.local_only(ALLOWED_HOSTS):
    raise env.refused("DEBUG", "must be false where ALLOWED_HOSTS names more than this machine")
# Whose X-Forwarded-Proto and X-Forwarded-For are believed (proxies.py, scheduling/peer.py).
TRUSTED_PROXIES = env.networks("TRUSTED_PROXIES")
HTTPS = env.boolean("HTTPS", False)
HSTS_SECONDS = env.integer("HSTS_SECONDS", 3_600, 0, 63_072_000)
HSTS_SUBDOMAINS = env.boolean("HSTS_SUBDOMAINS", False)
if HTTPS and not TRUSTED_PROXIES:
    # Every page would redirect to itself for ever.
    raise env.refused("HTTPS", "needs TRUSTED_PROXIES: the address of the proxy that speaks https")
CSRF_TRUSTED_ORIGINS = env.origins("CSRF_TRUSTED_ORIGINS")
TIME_ZONE = env.zone("TIME_ZONE", "UTC")
DATABASES = {"default": env.database("DATABASE_URL", f"sqlite:///{BASE_DIR / 'db.sqlite3'}")}

MODDB_URL = env.base_url("MODDB_URL", "https://mods.vintagestory.at")
VERSIONS_URL = env.base_url("VERSIONS_URL", "https://api.vintagestory.at")
SCHEDULER_THREADS = env.integer("SCHEDULER_THREADS", 10, 1, 500)
SCHEDULER_EXECUTOR = env.choice("SCHEDULER_EXECUTOR", "threads", "threads", "procrastinate")
RUN_RETENTION_DAYS = env.integer("RUN_RETENTION_DAYS", 90, 1, 3_650)
RUNS_KEPT_PER_JOB = env.integer("RUNS_KEPT_PER_JOB", 20, 0, 10_000)
SCHEDULES_FILE = env.file("SCHEDULES_FILE", BASE_DIR / "vsmanager.toml")
NEWS_ALLOW_PRIVATE = env.boolean("NEWS_ALLOW_PRIVATE", False)
DEADMAN_URL = env.secret_address("DEADMAN_URL")
METRICS_TOKEN = env.secret("METRICS_TOKEN")
METRICS_JOBS = env.integer("METRICS_JOBS", 100, 1, 2_000)
LOG_FORMAT = env.choice(
    "LOG_FORMAT", "console" if sys.stderr and sys.stderr.isatty() else "json", "console", "json"
)
LOG_LEVEL = env.choice("LOG_LEVEL", "INFO", "DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "axes",
    "csp",
    "django_htmx",
    "ninja",
    "django_apscheduler",
    "scheduling",
    "mods",
    "vsmanager",
]

# Where one of these is missing scheduling.E002 says so. Its migrations are for PostgreSQL only.
if (
    SCHEDULER_EXECUTOR == "procrastinate"
    and DATABASES["default"]["ENGINE"] == "django.db.backends.postgresql"
    and find_spec("procrastinate")
):
    INSTALLED_APPS.append("procrastinate.contrib.django")
    PROCRASTINATE_ON_APP_READY = "scheduling.procrastinate.setup.prepare"
    PROCRASTINATE_AUTODISCOVER_MODULE_NAME = ""

MIDDLEWARE = [
    "vsmanager.requestlog.log_requests",
    "vsmanager.proxies.believe_trusted",
    "django.middleware.gzip.GZipMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "scheduling.api.envelope.api_envelope",
    "vsmanager.middleware.refuse_nonsense",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
]

if DEBUG:
    MIDDLEWARE.insert(0, "vsmanager.middleware.only_this_machine")

ROOT_URLCONF = "vsmanager.urls"
WSGI_APPLICATION = "vsmanager.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
LANGUAGE_CODE = "en"
# What the browser asks for, of those that are complete.
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
LOCALE_PATHS = [BASE_DIR / "locale"]
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "home"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

AUTHENTICATION_BACKENDS = ["vsmanager.auth.OneQueryBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}", "OPTIONS": options}
    for name, options in (
        ("UserAttributeSimilarityValidator", {}),
        ("MinimumLengthValidator", {"min_length": 12}),
        ("CommonPasswordValidator", {}),
        ("NumericPasswordValidator", {}),
    )
]

# Who guesses passwords has to wait; vsmanager/signin.py has the rest.
AXES_HANDLER = "vsmanager.signin.Handler"
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_USERNAME_CALLABLE = "vsmanager.signin.name"
AXES_CLIENT_IP_CALLABLE = "vsmanager.signin.client"
AXES_LOCKOUT_CALLABLE = "vsmanager.signin.too_many"
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_DISABLE_ACCESS_LOG = True
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False

STATIC_URL = "static/"
STATIC_ROOT = env.read("str", "STATIC_ROOT", "") or None
# Without it static files are served from the apps themselves: a fresh clone needs no build step.
WHITENOISE_USE_FINDERS = STATIC_ROOT is None
if STATIC_ROOT:
    STORAGES = {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
    }

# Of one upload of zipped mods; mods.uploads bounds their size.
DATA_UPLOAD_MAX_NUMBER_FILES = 64

SESSION_COOKIE_AGE = 12 * 60 * 60
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
# No script reads either of them.
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = HSTS_SECONDS if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HSTS_SUBDOMAINS
# Whoever asks from the same machine, past the proxy: monitors and health checks of containers.
SECURE_REDIRECT_EXEMPT = [r"^(healthz|readyz)$"]
if TRUSTED_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
# Both are about other hosts of the same domain, which are not ours to decide.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        # The mod database's own: descriptions of mods show images from there (mods/safehtml.py).
        "img-src": [
            SELF,
            "data:",
            "https://mods.vintagestory.at",
            "https://moddbcdn.vintagestory.at",
        ],
        "object-src": [NONE],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "form-action": [SELF],
    }
}

redact.know(SECRET_KEY, DEADMAN_URL, DATABASES["default"].get("PASSWORD") or "")
LOGGING_CONFIG = None
logs.configure(LOG_FORMAT, LOG_LEVEL)
