"""Whatever is sent to the API, its answers are what its own description (OpenAPI) says."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from scheduling import tokens
from scheduling.models import JobSchedule
from tests.properties import profile
from vsmanager.urls import api

from .conftest import ran

CALLS = [
    (method.upper(), path)
    for path, calls in api.get_openapi_schema()["paths"].items()
    for method in calls
]


@pytest.fixture(scope="module")
def described() -> Any:
    import schemathesis

    schema = schemathesis.openapi.from_dict(api.get_openapi_schema())
    schema.app = get_wsgi_application()
    return schema


def conforms(case: Any, answer: Any) -> None:
    """No failure of the server's; status, type and body as described."""
    from schemathesis import checks

    case.validate_response(
        answer,
        checks=[
            checks.not_a_server_error,
            checks.status_code_conformance,
            checks.content_type_conformance,
            checks.response_schema_conformance,
        ],
    )


@pytest.fixture
def token(ann: User, tides: JobSchedule) -> Iterator[str]:
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield tokens.issue(ann)
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.mark.parametrize(("method", "path"), CALLS, ids=lambda part: part)
def test_any_call_is_answered_in_the_form_that_is_described(
    described: Any, token: str, method: str, path: str
) -> None:
    there = {"name": "tides", "run_id": ran().pk}

    @settings(profile, phases=[Phase.explicit, Phase.generate])
    @given(case=described[path][method].as_strategy(), known=st.booleans())
    def answered(case: Any, known: bool) -> None:
        if known and case.path_parameters:
            case.path_parameters = {name: there[name] for name in case.path_parameters}
        answer = case.call(
            headers={"Authorization": f"Bearer {token}", "Accept-Encoding": "identity"}
        )
        conforms(case, answer)
        assert answer.status_code not in (401, 403)

    answered()


@pytest.mark.parametrize(("method", "path"), CALLS, ids=lambda part: part)
def test_without_a_token_any_call_is_refused(
    described: Any, db: None, method: str, path: str
) -> None:
    case = described[path][method].Case(path_parameters={"name": "tides", "run_id": 1})
    answer = case.call(headers={"Accept-Encoding": "identity"})
    conforms(case, answer)
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "UNAUTHORIZED"
