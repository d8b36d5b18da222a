"""All settings. What an operator may set comes from the environment (docs/settings.md)."""

import sys
from importlib.util import find_spec
from pathlib import Path

from csp.constants import NONE, SELF

from . import env, logs

BASE_DIR = Path(__file__).resolve().parent.parent

DEBUG = env.boolean("DEBUG", False)
SECRET_KEY = env.secret_key(BASE_DIR)
ALLOWED_HOSTS = env.hosts("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
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
]

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
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

STATIC_URL = "static/"
# Static files are served from the apps themselves, so a fresh clone needs no build step.
WHITENOISE_USE_FINDERS = True

# Of one upload of zipped mods; mods.uploads bounds their size.
DATA_UPLOAD_MAX_NUMBER_FILES = 64

SESSION_COOKIE_AGE = 12 * 60 * 60
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

LOGGING_CONFIG = None
logs.configure(LOG_FORMAT, LOG_LEVEL)
