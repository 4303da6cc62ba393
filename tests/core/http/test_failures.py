"""What a service answers, as errors of ours."""

import json
import pickle

import pytest
from anyassistant.errors import InvalidRequest, NotFound, ProviderError
from anyassistant.http.failures import Failures
from anyassistant.http.redaction import Redactor

FAILURES = Failures("POST https://api.test/v1/threads", Redactor())
NESTED = {"error": {"message": "Slow down", "type": "requests", "param": None, "code": "rate_limit"}}


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (401, "authentication_error"),
        (403, "permission_denied"),
        (408, "timeout"),
        (409, "conflict"),
        (413, "request_too_large"),
        (418, "invalid_response"),
        (429, "rate_limit_exceeded"),
        (500, "server_error"),
        (502, "server_error"),
        (503, "server_error"),
        (529, "server_error"),
        (404, "not_found"),
        (302, "invalid_response"),
    ],
)
def test_a_status_without_more_has_a_code(status: int, code: str) -> None:
    error = FAILURES.of_answer(status, {}, b"")
    assert isinstance(error, ProviderError)
    assert (error.code, error.status_code, error.request_id, error.retry_after) == (code, status, None, None)
    assert str(error).startswith(f"POST https://api.test/v1/threads was answered {status}: ")


@pytest.mark.parametrize(
    ("body", "said", "code"),
    [
        (NESTED, "Slow down", "rate_limit"),
        (NESTED["error"], "Slow down", "rate_limit"),
        ([NESTED], "Slow down", "rate_limit"),
        ({"error": {"message": "m", "code": None, "type": "invalid_request_error"}}, "m", "rate_limit_exceeded"),
        ({"error": {"message": "m", "code": 429, "status": "RESOURCE_EXHAUSTED"}}, "m", "rate_limit_exceeded"),
        ({"error": "model is busy"}, "model is busy", "rate_limit_exceeded"),
        ({"error": "Busy", "message": "model is busy"}, "model is busy", "rate_limit_exceeded"),
        ({"code": "Throttling", "message": "m", "request_id": "r"}, "m", "Throttling"),
        ({"code": "Throttling"}, "Throttling", "Throttling"),
        ({"detail": "Too many"}, "Too many", "rate_limit_exceeded"),
        ({"detail": [{"loc": ["body", "model"], "msg": "Field required"}]}, "body.model: Field required", None),
        ({"unknown": 1}, '{"unknown": 1}', "rate_limit_exceeded"),
        ({"error": {"message": None}}, '{"error": {"message": null}}', "rate_limit_exceeded"),
        ([], "[]", "rate_limit_exceeded"),
    ],
)
def test_an_envelope_of_any_shape_is_read(body: object, said: str, code: str | None) -> None:
    error = FAILURES.of_answer(429, {"retry-after": "7"}, json.dumps(body).encode())
    assert isinstance(error, ProviderError)
    assert str(error).endswith(f"was answered 429: {said}")
    assert error.code == (code or "rate_limit_exceeded")
    assert error.retry_after == 7


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"<!DOCTYPE html><html><title>502 Bad\n Gateway</title><p>nginx", "an HTML page: 502 Bad Gateway"),
        (b"<html><script>alert(1)</script><body>Sorry &amp; bye</body>", "an HTML page: Sorry & bye"),
        (b"upstream connect error", "upstream connect error"),
        (b'{"error": {"message": "cut of', '{"error": {"message": "cut of'),
        (b"\xff\xfe", "��"),
        (b"", "Bad Gateway"),
    ],
)
def test_a_body_that_is_no_envelope_is_shown_to_people(body: bytes, said: str) -> None:
    assert str(FAILURES.of_answer(502, {}, body)).endswith(f"was answered 502: {said}")


def test_a_long_body_is_shown_in_part() -> None:
    assert len(str(FAILURES.of_answer(500, {}, b"x" * 100_000))) < 1_100


@pytest.mark.parametrize("status", [400, 422])
def test_a_request_that_is_refused_says_what_is_wrong(status: int) -> None:
    body = {"error": {"message": "Invalid 'model'", "param": "model", "code": "invalid_value"}}
    error = FAILURES.of_answer(status, {"x-request-id": "req_1"}, json.dumps(body).encode())
    assert isinstance(error, InvalidRequest)
    assert not isinstance(error, NotFound)
    assert (error.param, error.code, error.status_code, error.request_id) == ("model", "invalid_value", status, "req_1")


def test_a_request_that_is_refused_without_a_reason_has_a_code_too() -> None:
    error = FAILURES.of_answer(400, {}, b"")
    assert isinstance(error, InvalidRequest)
    assert (error.param, error.code) == ("request", "invalid_request")


def test_an_object_that_is_not_there_is_not_found() -> None:
    body = {"error": {"message": "No thread found", "param": "thread_id", "code": "thread_gone"}}
    error = FAILURES.of_answer(404, {"request-id": "req_1"}, json.dumps(body).encode())
    assert isinstance(error, NotFound)
    assert (error.param, error.code, error.status_code, error.request_id) == ("thread_id", "not_found", 404, "req_1")


@pytest.mark.parametrize("status", [302, 404])
def test_another_place_than_the_service_asks_about_the_base_url(status: int) -> None:
    assert "base_url" in str(FAILURES.of_answer(status, {}, b"<html><title>Welcome</title></html>"))


@pytest.mark.parametrize("name", ["x-request-id", "request-id", "x-ms-request-id", "apim-request-id"])
def test_the_request_has_a_name(name: str) -> None:
    error = FAILURES.of_answer(500, {name: "req_1"}, b"")
    assert isinstance(error, ProviderError)
    assert error.request_id == "req_1"


@pytest.mark.parametrize(
    ("value", "said", "code"),
    [
        (NESTED, "Slow down", "rate_limit"),
        (NESTED["error"], "Slow down", "rate_limit"),
        ({"type": "error", "error": {"type": "overloaded_error", "message": "m"}}, "m", "overloaded_error"),
        ({"error": "it broke"}, "it broke", "server_error"),
        ({"error": 7}, "{'error': 7}", "server_error"),
        ("it broke", "it broke", "server_error"),
        (None, "None", "server_error"),
    ],
)
def test_an_error_in_a_stream_is_read(value: object, said: str, code: str) -> None:
    error = FAILURES.of_event(value, {"x-request-id": "req_1"})
    assert str(error) == f"POST https://api.test/v1/threads failed in the middle of its answer: {said}"
    assert (error.code, error.request_id) == (code, "req_1")


@pytest.mark.parametrize("status", [400, 404, 500])
def test_errors_of_the_wire_can_be_pickled(status: int) -> None:
    error = FAILURES.of_answer(status, {"x-request-id": "r"}, json.dumps(NESTED).encode())
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), vars(again)) == (type(error), str(error), vars(error))
