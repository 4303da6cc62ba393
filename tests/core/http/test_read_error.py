"""A service's own form of errors, as its provider reads it."""

import logging
import pickle
from typing import Any

import pytest
import respx
from anyassistant.errors import AnyAssistantError, InvalidRequest, NotFound, ProviderError
from anyassistant.http import Envelope
from pydantic import SecretStr

URL = "http://wire.test/jobs"
KEY = "sk-very-secret-1234"
OOPS = {"oops": {"what": "my_own_code", "words": "It did not work.", "where": "size"}}
KINDS = [("sse", b"data: ", "text/event-stream"), ("ndjson", b"", "application/x-ndjson")]


def read_oops(value: Any) -> Envelope | None:
    match value:
        case {"oops": {"what": code, "words": message, **rest}}:
            return Envelope(message, code=code, param=rest.get("where"))
    return None


async def fail(make_wire, read_error: object = read_oops, **config: object) -> AnyAssistantError:
    wire = make_wire(client={"read_error": read_error}, retry_seconds=0, **config)
    with pytest.raises(AnyAssistantError) as caught:
        await wire.post("/jobs", {})
    return caught.value


async def read(make_wire, kind: str, read_error: object = read_oops) -> tuple[list[object], AnyAssistantError | None]:
    found: list[object] = []
    try:
        async with getattr(make_wire(client={"read_error": read_error}), kind)("/jobs", {}) as items:
            async for item in items:
                found.append(item)
    except AnyAssistantError as error:
        return found, error
    return found, None


@respx.mock
@pytest.mark.parametrize("status", [409, 500])
async def test_its_code_and_its_words_are_those_of_the_error(make_wire, status: int) -> None:
    respx.post(URL).respond(status, json=OOPS)
    error = await fail(make_wire)
    assert isinstance(error, ProviderError)
    assert (error.code, error.status_code) == ("my_own_code", status)
    assert str(error) == f"POST {URL} was answered {status}: It did not work."


@respx.mock
async def test_a_404_of_its_form_is_no_wrong_address(make_wire) -> None:
    respx.post(URL).respond(404, json=OOPS)
    error = await fail(make_wire)
    assert isinstance(error, NotFound)
    assert (error.code, error.param, "base_url" in str(error)) == ("not_found", "size", False)


@respx.mock
async def test_a_refused_request_says_what_is_wrong(make_wire) -> None:
    respx.post(URL).respond(422, json=OOPS)
    error = await fail(make_wire)
    assert isinstance(error, InvalidRequest)
    assert (error.code, error.param) == ("my_own_code", "size")


@respx.mock
@pytest.mark.parametrize(("status", "kind"), [(409, ProviderError), (422, InvalidRequest), (404, NotFound)])
async def test_what_else_it_says_is_with_the_error(make_wire, status: int, kind: type[AnyAssistantError]) -> None:
    def read_job(value: Any) -> Envelope:
        return Envelope("Busy.", details={"job": value["job"], "key": value["key"]})

    respx.post(URL).respond(status, json={"job": 17, "key": KEY})
    error = await fail(make_wire, read_job, api_key=SecretStr(KEY))
    assert isinstance(error, ProviderError | InvalidRequest)
    assert type(error) is kind
    assert error.details == {"job": "17", "key": "***"}
    assert pickle.loads(pickle.dumps(error)).details == error.details


@respx.mock
async def test_a_text_may_be_of_its_form(make_wire) -> None:
    respx.post(URL).respond(500, text="OOPS my_own_code")
    error = await fail(make_wire, lambda text: Envelope("It did not work.", code=text.removeprefix("OOPS ")))
    assert isinstance(error, ProviderError)
    assert error.code == "my_own_code"


@respx.mock
async def test_other_forms_are_read_as_without_it(make_wire) -> None:
    respx.post(URL).respond(500, json={"error": {"message": "m", "code": "c"}})
    error = await fail(make_wire)
    assert isinstance(error, ProviderError)
    assert (error.code, str(error)) == ("c", f"POST {URL} was answered 500: m")


@respx.mock
async def test_without_words_the_body_is_shown_and_a_code_may_be_a_number(make_wire) -> None:
    respx.post(URL).respond(500, text="17")
    error = await fail(make_wire, lambda value: Envelope("", code=value))
    assert isinstance(error, ProviderError)
    assert (error.code, str(error)) == ("17", f"POST {URL} was answered 500: 17")


@respx.mock
@pytest.mark.parametrize("read_error", [lambda value: value["nothing"][KEY], lambda _: "no envelope"])
async def test_its_mistakes_do_not_hide_the_failure(make_wire, read_error, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "anyassistant.http")
    respx.post(URL).respond(503, json={"error": {"message": "m", "code": "c"}, "nothing": {}})
    error = await fail(make_wire, read_error, api_key=SecretStr(KEY))
    assert isinstance(error, ProviderError)
    assert (error.code, error.status_code, error.__cause__, error.__context__) == ("c", 503, None, None)
    assert [one.levelname for one in caplog.records if "read_error raised" in one.getMessage()] == ["DEBUG"]
    assert KEY not in caplog.text


@respx.mock
async def test_keys_in_it_are_hidden(make_wire) -> None:
    respx.post(URL).respond(422, json={"oops": {"what": f"bad {KEY}", "words": f"No {KEY}", "where": KEY}})
    error = await fail(make_wire, api_key=SecretStr(KEY))
    assert isinstance(error, InvalidRequest)
    assert (error.code, error.param) == ("bad ***", "***")
    assert KEY not in f"{error!r} {vars(error)}"


@respx.mock
@pytest.mark.parametrize(("kind", "before", "media_type"), KINDS)
async def test_an_item_of_a_stream_may_be_one(make_wire, kind: str, before: bytes, media_type: str) -> None:
    items = (b'{"n": 1}', b'{"oops": {"what": "my_own_code", "words": "It did not work."}}', b'{"n": 2}')
    content = b"".join(before + item + b"\n\n" for item in items)
    respx.post(URL).respond(content=content, headers={"content-type": media_type})
    found, error = await read(make_wire, kind)
    assert isinstance(error, ProviderError)
    assert (found, error.code) == ([{"n": 1}], "my_own_code")
    assert str(error) == f"POST {URL} failed in the middle of its answer: It did not work."


@respx.mock
@pytest.mark.parametrize("kind", ["sse", "sse_events"])
async def test_an_event_called_error_may_be_one(make_wire, kind: str) -> None:
    content = b'event: error\ndata: {"oops": {"what": "my_own_code", "words": "It did not work."}}\n\n'
    respx.post(URL).respond(content=content, headers={"content-type": "text/event-stream"})
    _, error = await read(make_wire, kind)
    assert isinstance(error, ProviderError)
    assert (error.code, error.details) == ("my_own_code", {})


@respx.mock
async def test_an_answer_instead_of_a_stream_may_be_one(make_wire) -> None:
    respx.post(URL).respond(200, json=OOPS)
    _, error = await read(make_wire, "sse")
    assert isinstance(error, ProviderError)
    assert error.code == "my_own_code"


@respx.mock
@pytest.mark.parametrize(("kind", "before", "media_type"), KINDS)
async def test_its_mistakes_do_not_end_a_stream(make_wire, kind: str, before: bytes, media_type: str) -> None:
    respx.post(URL).respond(content=before + b'{"n": 1}\n\n', headers={"content-type": media_type})
    assert await read(make_wire, kind, lambda value: value["oops"]) == ([{"n": 1}], None)
