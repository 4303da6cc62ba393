"""Which attempts are made again, and when."""

import logging

import httpx
import pytest
import respx
from anyassistant.errors import InvalidRequest, NotFound, ProviderError
from anyassistant.http.retries import may_retry_answer, seconds_before
from anyassistant.http.retry_after import read_retry_after
from hypothesis import given
from hypothesis import strategies as st

NOW = 1_764_000_000.0
"""2025-11-24 16:00:00 UTC."""
OK = {"ok": True}


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("anyassistant.http.retries.FIRST_WAIT_SECONDS", 0.01)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after": "0"}, 0.0),
        ({"retry-after": "-3"}, 0.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": ""}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "Mon, 24 Nov 2025 16:00:30 GMT"}, 30.0),
        ({"retry-after": "Mon, 24 Nov 2025 17:01:00 +0100"}, 60.0),
        ({"retry-after": "Mon, 24 Nov 2025 15:00:00 GMT"}, 0.0),
        ({"retry-after": "Mon, 99 Nov 2025 15:00:00 GMT"}, None),
        ({"retry-after-ms": "250"}, 0.25),
        ({"retry-after-ms": "250", "retry-after": "7"}, 0.25),
        ({"retry-after-ms": "x", "retry-after": "7"}, 7.0),
    ],
)
def test_a_service_says_how_long_to_wait(headers: dict[str, str], seconds: float | None) -> None:
    assert read_retry_after(headers, now=NOW) == seconds


@given(text=st.text(max_size=40))
def test_whatever_it_says_is_no_reason_to_fail(text: str) -> None:
    seconds = read_retry_after({"retry-after": text, "retry-after-ms": text}, now=NOW)
    assert seconds is None or seconds >= 0


@pytest.mark.parametrize("status", [408, 409, 429])
def test_what_was_refused_may_always_be_sent_again(status: int) -> None:
    assert may_retry_answer(status, {}, is_repeatable=False)


@pytest.mark.parametrize("status", [500, 502, 503, 504, 529])
def test_what_may_have_been_done_is_sent_again_only_if_that_does_no_harm(status: int) -> None:
    assert may_retry_answer(status, {}, is_repeatable=True)
    assert not may_retry_answer(status, {}, is_repeatable=False)
    assert not may_retry_answer(status, {"x-should-retry": "true"}, is_repeatable=False)


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 422, 501])
def test_what_will_not_change_is_not_sent_again(status: int) -> None:
    assert not may_retry_answer(status, {}, is_repeatable=True)
    assert may_retry_answer(status, {"x-should-retry": "true"}, is_repeatable=True)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_the_service_may_forbid_another_attempt(status: int) -> None:
    assert not may_retry_answer(status, {"x-should-retry": "false"}, is_repeatable=True)


@given(attempt=st.integers(1, 10_000), jitter=st.floats(0, 1))
def test_waits_grow_to_a_bound_and_are_spread(attempt: int, jitter: float) -> None:
    wait = seconds_before(attempt, None, jitter=jitter)
    assert seconds_before(attempt, None, jitter=0) <= wait <= seconds_before(attempt, None, jitter=1) <= 8
    assert seconds_before(attempt, None, jitter=1) <= seconds_before(attempt + 1, None, jitter=1)
    assert seconds_before(attempt, 3.5, jitter=jitter) == 3.5


@respx.mock
@pytest.mark.parametrize(
    "headers",
    [{}, {"retry-after": "0"}, {"retry-after-ms": "5"}, {"retry-after": "Mon, 24 Nov 2025 16:00:30 GMT"}],
)
@pytest.mark.parametrize("status", [408, 409, 429])
async def test_a_refusal_then_success_is_success(make_wire, status: int, headers: dict[str, str]) -> None:
    route = respx.post("http://wire.test/things")
    route.side_effect = [httpx.Response(status, headers=headers), httpx.Response(200, json=OK)]
    assert (await make_wire().post("/things", {})).json() == OK
    assert route.call_count == 2


@respx.mock
async def test_failures_of_the_service_then_success_is_success(make_wire, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "anyassistant.http")
    route = respx.get("http://wire.test/things/1")
    route.side_effect = [*map(httpx.Response, (500, 502, 503)), httpx.Response(200, json=OK)]
    assert (await make_wire().get("/things/1")).json() == OK
    assert route.call_count == 4
    assert [record.message.partition(": ")[2] for record in caplog.records if record.name == "anyassistant.http"] == [
        "GET http://wire.test/things/1 was answered 500: Internal Server Error",
        "GET http://wire.test/things/1 was answered 502: Bad Gateway",
        "GET http://wire.test/things/1 was answered 503: Service Unavailable",
    ]


@respx.mock
async def test_a_post_that_creates_is_not_made_again_after_a_failure(make_wire) -> None:
    route = respx.post("http://wire.test/things").respond(503)
    with pytest.raises(ProviderError) as caught:
        await make_wire().post("/things", {})
    assert (caught.value.status_code, route.call_count) == (503, 1)


@respx.mock
@pytest.mark.parametrize("options", [{"idempotency_key": "k"}, {"creates": False}])
async def test_a_post_that_may_be_made_twice_is(make_wire, options: dict[str, object]) -> None:
    route = respx.post("http://wire.test/things")
    route.side_effect = [httpx.Response(503), httpx.Response(200, json=OK)]
    assert (await make_wire().post("/things", {}, **options)).json() == OK


@respx.mock
@pytest.mark.parametrize("fault", [httpx.ConnectError("refused"), httpx.ConnectTimeout("slow")])
async def test_what_cannot_have_arrived_is_sent_again(make_wire, fault: Exception) -> None:
    route = respx.post("http://wire.test/things")
    route.side_effect = [fault, httpx.Response(200, json=OK)]
    assert (await make_wire().post("/things", {})).json() == OK


@respx.mock
@pytest.mark.parametrize("fault", [httpx.ReadError("reset"), httpx.RemoteProtocolError("gone"), httpx.WriteError("x")])
async def test_what_may_have_arrived_is_not(make_wire, fault: Exception) -> None:
    route = respx.post("http://wire.test/things").mock(side_effect=fault)
    with pytest.raises(ProviderError, match="broke before the answer"):
        await make_wire().post("/things", {})
    assert route.call_count == 1


@respx.mock
async def test_a_wait_beyond_the_budget_is_not_begun(make_wire) -> None:
    route = respx.get("http://wire.test/things/1").respond(429, headers={"retry-after": "100"})
    with pytest.raises(ProviderError) as caught:
        await make_wire(retry_seconds=60).get("/things/1")
    assert (caught.value.code, caught.value.retry_after, route.call_count) == ("rate_limit_exceeded", 100.0, 1)


@respx.mock
async def test_nothing_is_tried_beyond_the_time_for_the_whole(make_wire) -> None:
    respx.get("http://wire.test/things/1").respond(429, headers={"retry-after": "4"})
    with pytest.raises(ProviderError) as caught:
        await make_wire(retry_seconds=60, total_seconds=3).get("/things/1")
    assert caught.value.code == "rate_limit_exceeded"


@respx.mock
async def test_the_budget_ends(make_wire) -> None:
    route = respx.get("http://wire.test/things/1").respond(503, headers={"retry-after-ms": "60"})
    with pytest.raises(ProviderError):
        await make_wire(retry_seconds=0.15).get("/things/1")
    assert route.call_count <= 3


@respx.mock
async def test_without_a_budget_there_is_one_attempt(make_wire) -> None:
    route = respx.get("http://wire.test/things/1").respond(503, headers={"retry-after": "0"})
    with pytest.raises(ProviderError):
        await make_wire(retry_seconds=0).get("/things/1")
    assert route.call_count == 1


@respx.mock
async def test_whom_nobody_listens_to_gives_up_early(make_wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("anyassistant.http.retries.NOT_REACHED_SECONDS", 0.05)
    respx.get("http://wire.test/things/1").mock(side_effect=httpx.ConnectError("refused"))
    with pytest.raises(ProviderError, match="cannot connect: refused"):
        await make_wire(retry_seconds=3600).get("/things/1")


@respx.mock
@pytest.mark.parametrize(("status", "kind"), [(400, InvalidRequest), (404, NotFound), (401, ProviderError)])
async def test_a_refusal_for_good_is_told_at_once(make_wire, status: int, kind: type[Exception]) -> None:
    route = respx.get("http://wire.test/things/1").respond(status, json={"error": {"message": "no"}})
    with pytest.raises(kind, match="no"):
        await make_wire().get("/things/1")
    assert route.call_count == 1


@respx.mock
async def test_the_opening_of_a_stream_is_tried_again(make_wire) -> None:
    stream = httpx.Response(200, text="data: 1\n\n", headers={"content-type": "text/event-stream"})
    route = respx.post("http://wire.test/chat")
    route.side_effect = [httpx.Response(503), httpx.Response(429, headers={"retry-after": "0"}), stream]
    async with make_wire().sse("/chat", {}) as events:
        assert [event async for event in events] == [1]
    assert route.call_count == 3
