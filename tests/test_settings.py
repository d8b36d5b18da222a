"""What an operator may set, read from the environment by the settings themselves."""

import importlib.util
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from scheduling import redact
from vsmanager import env, logs

SETTINGS = Path(env.__file__).with_name("settings.py")
KEY = "k" * 40


@pytest.fixture
def read(monkeypatch, tmp_path):
    """Reads the settings anew, with these variables in the environment."""

    def read(**variables):
        monkeypatch.setattr(logs, "configure", lambda *_args: None)
        monkeypatch.setattr(redact, "know", lambda *_args: None)
        monkeypatch.setenv("SECRET_KEY", KEY)
        monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/db.sqlite3")
        spec = importlib.util.spec_from_file_location("vsmanager.settings_anew", SETTINGS)
        module = importlib.util.module_from_spec(spec)
        with monkeypatch.context() as asked:
            for name, value in variables.items():
                asked.setenv(name, value)
            spec.loader.exec_module(module)
        return module

    return read


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("DATABASE_URL", "mysql://root:secret@localhost/x"),
        ("DATABASE_URL", "nonsense"),
        ("DATABASE_URL", "sqlite://"),
        ("DATABASE_URL_FILE", "/nowhere/url"),
        ("SECRET_KEY", "short"),
        ("SECRET_KEY_FALLBACKS", f"{KEY},short"),
        ("DEBUG", "perhaps"),
        ("ALLOWED_HOSTS", "a,,b"),
        ("ALLOWED_HOSTS", "https://a"),
        ("CSRF_TRUSTED_ORIGINS", "mods.example.org"),
        ("TRUSTED_PROXIES", "10.0.0.0/8,proxy"),
        ("HTTPS", "true"),
        ("HSTS_SECONDS", "-1"),
        ("TIME_ZONE", "Mars/Olympus"),
        ("MODDB_URL", "ftp://mods.example"),
        ("MODDB_URL", "https://ann:secret@mods.example"),
        ("MODDB_URL", "https://mods.example/?page=2"),
        ("VERSIONS_URL", "http://"),
        ("VERSIONS_URL", "http://a b"),
        ("VERSIONS_URL", "http://[::1"),
        ("VERSIONS_URL", "http://a:99999"),
        ("DEADMAN_URL", "ftp://secret.example"),
        ("DEADMAN_URL", "https://a:port/secret"),
        ("METRICS_TOKEN", "too short"),
        ("METRICS_JOBS", "0"),
        ("SCHEDULER_THREADS", "0"),
        ("SCHEDULER_THREADS", "many"),
        ("SCHEDULER_EXECUTOR", "celery"),
        ("RUN_RETENTION_DAYS", "0"),
        ("RUNS_KEPT_PER_JOB", "-1"),
        ("SCHEDULES_FILE", "/nowhere/vsmanager.toml"),
        ("LOG_FORMAT", "xml"),
        ("LOG_LEVEL", "loud"),
    ],
)
def test_a_bad_value_is_refused_in_one_line_that_names_its_variable(
    read, monkeypatch, variable, value
):
    if variable == "DATABASE_URL_FILE":
        # One of the two is enough, so the other is empty.
        told = refusal(read, DATABASE_URL="", DATABASE_URL_FILE=value)
    else:
        told = refusal(read, **{variable: value})
    assert told.startswith(f"{variable} ")
    assert "\n" not in told
    assert "secret" not in told.replace(value, "") or variable == "SECRET_KEY"


def refusal(read, **variables):
    with pytest.raises(ImproperlyConfigured) as refused:
        read(**variables)
    return str(refused.value)


def test_debug_is_for_this_machine_only(read):
    assert "this machine" in refusal(read, DEBUG="true", ALLOWED_HOSTS="mods.example.org")
    assert read(DEBUG="true", ALLOWED_HOSTS="127.0.0.1,[::1],a.localhost").DEBUG
    assert not read().DEBUG


def test_https_behind_a_proxy_makes_cookies_and_redirects_safe(read):
    settings = read(
        HTTPS="true", TRUSTED_PROXIES="10.0.0.0/8, unix", CSRF_TRUSTED_ORIGINS="https://a.example"
    )
    assert settings.SESSION_COOKIE_SECURE
    assert settings.SECURE_SSL_REDIRECT
    assert settings.SECURE_HSTS_SECONDS == 3_600
    assert settings.TRUSTED_PROXIES == ["10.0.0.0/8", "unix"]
    assert settings.CSRF_TRUSTED_ORIGINS == ["https://a.example"]


def test_without_https_no_browser_is_told_to_insist_on_it(read):
    assert read().SECURE_HSTS_SECONDS == 0


def test_sqlite_waits_for_its_lock_and_lets_readers_read(read, tmp_path):
    database = read().DATABASES["default"]
    assert database["NAME"] == str(tmp_path / "db.sqlite3")
    assert database["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    assert "journal_mode=WAL" in database["OPTIONS"]["init_command"]


def test_a_database_that_others_can_read_is_closed_to_them(read, tmp_path):
    file = tmp_path / "db.sqlite3"
    file.touch(0o644)
    read()
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_secret_comes_from_a_file_as_well(read, tmp_path):
    file = tmp_path / "url"
    file.write_text("postgres://ann:pass@db.example/mods\n")
    database = read(DATABASE_URL="", DATABASE_URL_FILE=str(file)).DATABASES["default"]
    assert (database["HOST"], database["PASSWORD"]) == ("db.example", "pass")
    assert database["OPTIONS"]["keepalives_idle"] == 10


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "which is empty"),
        (b"\xff\xfe", "which can't be read: it is no text"),
        (None, "which can't be read: No such file"),
    ],
)
def test_a_file_with_a_secret_that_cannot_be_used_is_named(read, tmp_path, content, told):
    file = tmp_path / "token"
    if content is not None:
        file.write_bytes(content)
    refused = refusal(read, METRICS_TOKEN_FILE=str(file))
    assert refused.startswith(f"METRICS_TOKEN_FILE names {file}, {told}")


def test_a_secret_and_its_file_together_are_refused(read, tmp_path):
    file = tmp_path / "token"
    file.write_text("t" * 20)
    assert "one is enough" in refusal(
        read, METRICS_TOKEN="s" * 20, METRICS_TOKEN_FILE=str(file)
    )  # fmt: skip


def test_the_secret_key_is_made_once_and_only_its_owner_can_read_it(read, tmp_path):
    file = tmp_path / "key"
    first, second = (
        read(SECRET_KEY="", SECRET_KEY_FILE=str(file)).SECRET_KEY for _ in range(2)
    )  # fmt: skip
    assert len(first) >= 32
    assert first == second
    assert file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("key")] == ["key"]


def test_of_two_that_make_the_secret_key_at_once_both_get_the_same(read, monkeypatch, tmp_path):
    file = tmp_path / "key"

    def link(_source, target):
        target.write_text("o" * 40)
        raise FileExistsError

    monkeypatch.setattr("os.link", link)
    assert read(SECRET_KEY="", SECRET_KEY_FILE=str(file)).SECRET_KEY == "o" * 40


@pytest.mark.parametrize(
    ("path", "told"), [("/dev/null", "fewer than 32"), ("/proc/none/key", "which can't be used")]
)
def test_a_file_that_holds_no_secret_key_is_refused(read, path, told):
    refused = refusal(read, SECRET_KEY="", SECRET_KEY_FILE=path)
    assert refused.startswith(f"SECRET_KEY_FILE names {path}, ")
    assert told in refused


def test_older_keys_are_believed_still(read):
    assert read(SECRET_KEY_FALLBACKS=f"{'a' * 40}, {'b' * 40}").SECRET_KEY_FALLBACKS == [
        "a" * 40,
        "b" * 40,
    ]


def test_static_files_are_collected_where_a_folder_is_named(read):
    collected = read(STATIC_ROOT="/srv/static")
    assert not collected.WHITENOISE_USE_FINDERS
    assert "CompressedManifest" in collected.STORAGES["staticfiles"]["BACKEND"]
    assert read(STATIC_ROOT="").WHITENOISE_USE_FINDERS


@pytest.mark.parametrize(
    ("database", "there"), [("postgres://a@b/c", True), ("sqlite:////tmp/none.sqlite3", False)]
)
def test_procrastinate_is_installed_where_it_is_asked_for_and_can_work(read, database, there):
    pytest.importorskip("procrastinate")
    settings = read(SCHEDULER_EXECUTOR="procrastinate", DATABASE_URL=database)
    assert ("procrastinate.contrib.django" in settings.INSTALLED_APPS) is there
