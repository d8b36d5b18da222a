"""The reference pages of the documentation, written from the code: ``./script/reference``."""

import ast
import inspect
import sys
from argparse import SUPPRESS, Action
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import django

PROJECT = Path(__file__).resolve().parent.parent
NOTE = "<!-- Written by ./script/reference from the code. -->\n\n"
# What Django adds to every command.
_USUAL = {"help", "version", "verbosity", "settings", "pythonpath", "traceback"}
_USUAL |= {"no_color", "force_color", "skip_checks"}


def commands() -> Iterator[str]:
    from django.core.management import load_command_class

    yield (
        "# Commands\n\n" + NOTE + "Each is started as `python manage.py NAME`, and tells this "
        "with `--help`. `0` is the exit code of what went well, another one of what did not; "
        "what is wrong is told on stderr. What they print is English.\n"
    )
    for path in sorted(PROJECT.glob("*/management/commands/*.py")):
        if path.stem == "__init__":
            continue
        command = load_command_class(path.parts[-4], path.stem)
        parser = command.create_parser("manage.py", path.stem)
        yield f"## {path.stem}\n\n{' '.join(command.help.split())}\n"
        if told := [row for each in parser._actions if (row := _argument(each))]:
            yield "| argument | |\n|---|---|\n" + "\n".join(told) + "\n"


def _argument(action: Action) -> str:
    usual = action.dest in _USUAL and action.option_strings
    if usual or action.help == SUPPRESS or action.dest == "arguments":
        return ""
    value = "" if action.nargs == 0 else str(action.metavar or action.dest).upper()
    name = " ".join(filter(None, (", ".join(action.option_strings), value)))
    told = (action.help or "").replace("|", "\\|")
    return f"| `{name}` | {told[:1].upper()}{told[1:]} |"


def jobs() -> Iterator[str]:
    from scheduling import registry, triggers

    yield (
        "# Jobs\n\n" + NOTE + "These come with vsmanager. What stands here is what the code "
        "proposes; what people set on the pages, in the admin or through the API counts. How to "
        "add your own: [Add a job of your own](add-a-job.md).\n"
    )
    for name, job in registry.jobs().items():
        if job.func.__module__.partition(".")[0] not in ("scheduling", "mods"):
            continue
        doc = inspect.getdoc(job.func) or str(job.description)
        facts = {
            "schedule": triggers.in_words(job.interval_seconds, job.cron, "UTC"),
            "shortest interval": f"{job.min_interval_seconds} s",
            "setting": f"`{job.setting}`" if job.setting else "none",
            "first run": "at once" if job.run_at_once else "at its first slot",
            "time limit": f"{job.timeout_seconds} s" if job.timeout_seconds else "none",
            "retries": str(job.max_retries or "none"),
        }
        rows = "\n".join(f"| {fact} | {value} |" for fact, value in facts.items())
        yield f"## {name}\n\n{doc}\n\n| | |\n|---|---|\n{rows}\n"


def api() -> Iterator[str]:
    from vsmanager.urls import api

    yield (
        "# API\n\n" + NOTE + "`manage.py createtoken USERNAME` prints a token; send it as "
        "`Authorization: Bearer TOKEN`. The session of somebody who is signed in works too, with "
        "`X-CSRFToken` for what changes something. `/api/v1/docs` shows the calls to try, "
        "`/api/v1/openapi.json` describes them to programs; both are for those who may view "
        "schedules.\n\n"
        'Success is `{"status": "ok", "data": {...}}`, failure `{"status": "error", "error": '
        '{"code": "JOB_NOT_FOUND", "message": "..."}}` with the matching status: 401 without a '
        "valid token, 403 without the permission, 404, 409 for what does not fit what is going "
        "on, 422 for what can't be used. Times are ISO 8601 with their offset.\n"
    )
    schema = api.get_openapi_schema()
    shapes = schema["components"]["schemas"]
    for path, calls in schema["paths"].items():
        for method, call in calls.items():
            rights = api_rights(path, method)
            yield (
                f"## {method.upper()} {path}\n\n"
                + "\n\n".join(
                    filter(None, [call.get("description", ""), *_told(call, shapes, rights)])
                )
                + "\n"
            )


def _told(call: dict[str, Any], shapes: dict[str, Any], right: str) -> Iterator[str]:
    yield f"Permission: `{right}`."
    if asked := [f"`{one['name']}`" for one in call.get("parameters", []) if one["in"] == "query"]:
        yield f"Query: {', '.join(asked)}."
    if body := call.get("requestBody"):
        text = str(body["content"]["application/json"]["schema"])
        fields = [
            f"`{field}`"
            for name, shape in shapes.items()
            if f"schemas/{name}'" in text
            for field in shape.get("properties", {})
        ]
        yield f"Body: {', '.join(fields) or 'names of settings, each with its seconds'}."
    code, answer = next(iter(call["responses"].items()))
    data = answer["content"]["application/json"]["schema"]["properties"]["data"]["required"]
    yield f"{code}, `data`: {', '.join(f'`{name}`' for name in data)}."


def api_rights(path: str, method: str) -> str:
    from vsmanager.urls import api

    for prefix, router in api._routers:
        for template, view in router.path_operations.items():
            if "/api/v1/" + f"{prefix}{template}".lstrip("/") == path:
                for operation in view.operations:
                    if method.upper() in operation.methods:
                        right = operation.auth_callbacks[0]
                        app, _, model = right.model.rpartition(".")
                        return f"{app or 'scheduling'}.{right.action}_{model}"
    raise LookupError(path)


_LEVELS = {"Error": "error", "Warn": "warning", "Warning": "warning", "Critical": "critical"}


def checks() -> Iterator[str]:
    yield (
        "# Checks\n\n" + NOTE + "`python manage.py check --database default` runs them, and so "
        "do the worker and `migrate`. An error stops the start; each says what to do.\n"
    )
    rows = []
    for path in sorted(PROJECT.glob("*/checks*.py")):
        for function in ast.parse(path.read_text()).body:
            if isinstance(function, ast.FunctionDef):
                rows += [(*found, _doc(function)) for found in _identities(function)]
    lines = [f"| `{identity}` | {level} | {doc} |" for identity, level, doc in sorted(rows)]
    yield "| id | | what it looks at |\n|---|---|---|\n" + "\n".join(lines) + "\n"


def _identities(function: ast.FunctionDef) -> Iterator[tuple[str, str]]:
    for call in ast.walk(function):
        if isinstance(call, ast.Call):
            for told in call.keywords:
                if told.arg == "id" and isinstance(told.value, ast.Constant):
                    name = getattr(call.func, "id", getattr(call.func, "attr", ""))
                    yield str(told.value.value), _LEVELS.get(name, name)


def _doc(function: ast.FunctionDef) -> str:
    text = ast.get_docstring(function) or function.name.replace("_", " ")
    return " ".join(text.split()).replace("|", "\\|")


PAGES = {"commands": commands, "jobs": jobs, "api": api, "checks": checks}


def page(name: str) -> str:
    return "\n".join(PAGES[name]())


def main() -> None:
    sys.path.insert(0, str(PROJECT))
    django.setup()
    for name in PAGES:
        (PROJECT / f"docs/{name}.md").write_text(page(name))


if __name__ == "__main__":
    main()
