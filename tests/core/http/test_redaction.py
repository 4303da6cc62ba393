"""Keys are shown to nobody: not in errors, not in what is logged."""

import html
import json
import logging
import string
import traceback
from urllib.parse import quote

import httpx
import pytest
import respx
from anyassistant.errors import AnyAssistantError
from anyassistant.http import WireClient, WireConfig
from anyassistant.http.failures import Failures
from anyassistant.http.redaction import Redactor, secrets_of_headers, secrets_of_url
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

KEY = "sk-very/secret+0123456789"
SECRETS = st.text(string.ascii_letters + string.digits + "-_/+=.<>&\"'\\", min_size=8, max_size=60)
SPELLINGS = [
    str,
    quote,
    lambda secret: quote(secret, safe=""),
    html.escape,
    lambda secret: json.dumps(secret)[1:-1],
    lambda secret: f"Authorization: Bearer {secret}",
]


def as_page(text: str) -> bytes:
    return f"<html><head><title>{html.escape(text)}</title></head></html>".encode()


def as_error(text: str) -> bytes:
    return json.dumps({"error": {"message": text, "code": text, "param": text}, "request_id": text}).encode()


@given(secret=SECRETS, before=st.text(max_size=20), after=st.text(max_size=20), spell=st.sampled_from(SPELLINGS))
def test_no_text_has_a_secret(secret: str, before: str, after: str, spell) -> None:
    shown = Redactor([secret]).hide(f"{before}{spell(secret)}{after}")
    assert secret not in shown
    assert "***" in shown


@given(
    secret=SECRETS,
    status=st.sampled_from([302, 400, 401, 403, 404, 409, 422, 429, 500, 503]),
    make=st.sampled_from([str.encode, as_page, as_error]),
    padding=st.integers(0, 1_100),
)
def test_no_error_has_a_secret(secret: str, status: int, make, padding: int) -> None:
    failures = Failures("GET http://x/y", Redactor([secret]))
    headers = {"x-request-id": secret, "content-type": "text/plain"}
    text = f"{'x' * padding} {secret} "
    errors = [
        failures.of_answer(status, headers, make(text)),
        failures.of_answer(status, {}, make(text)),
        failures.of_event({"error": text, "code": secret}, headers),
        failures.of_transport(httpx.ReadError(text), when=""),
        failures.of_transport(httpx.ConnectError(text), when=""),
        failures.unreadable("no JSON", make(text), headers=headers),
    ]
    for error in errors:
        for value in (str(error), *map(str, vars(error).values())):
            assert secret not in value
            assert secret[: len(secret) // 2 + 4] not in value, "not even most of one, where a message is cut"


@respx.mock
@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(401, json={"error": {"message": f"Incorrect API key provided: {KEY}.", "code": KEY}}),
        httpx.Response(500, text=f"proxy said: Authorization: Bearer {KEY}"),
        httpx.Response(200, text=f"<html>{KEY}</html>", headers={"content-type": "text/html"}),
        httpx.Response(200, text=f'data: {{"error": "{KEY}"}}\n\n', headers={"content-type": "text/event-stream"}),
        httpx.Response(200, text=f"data: {KEY}\n\n", headers={"content-type": "text/event-stream"}),
        httpx.ConnectError(f"cannot connect with {KEY}"),
    ],
)
async def test_neither_an_error_nor_a_log_has_the_key(answer, caplog: pytest.LogCaptureFixture, monkeypatch) -> None:
    monkeypatch.setattr("anyassistant.http.retries.FIRST_WAIT_SECONDS", 0.01)
    caplog.set_level(logging.DEBUG)
    route = respx.post("http://wire.test/chat")
    route.side_effect = answer if isinstance(answer, Exception) else lambda _: answer
    wire = WireClient(WireConfig(base_url="http://wire.test", api_key=SecretStr(KEY), retry_seconds=0.05))
    with pytest.raises(AnyAssistantError) as caught:
        async with wire.sse("/chat", {}) as events:
            async for _ in events:
                pass
    await wire.aclose()
    assert route.calls[0].request.headers["authorization"] == f"Bearer {KEY}"
    assert KEY not in f"{caught.value!r} {vars(caught.value)}"
    if not isinstance(answer, Exception):  # what is made up here says it in its own words
        assert KEY not in "".join(traceback.format_exception(caught.value))
    assert KEY not in caplog.text


def test_short_texts_are_no_secrets() -> None:
    assert Redactor(["none"]).hide("none of them") == "none of them"


def test_tokens_of_late_are_hidden() -> None:
    redactor = Redactor([KEY])
    for number in range(6):
        redactor.add_token(f"token-number-{number}")
    shown = redactor.hide(f"{KEY} token-number-3 token-number-5")
    assert shown == "*** *** ***"


def test_secrets_are_found_in_headers_and_urls() -> None:
    found = set(
        secrets_of_headers({"authorization": "Bearer abcdefghijk", "api-key": "12345678", "accept": "text/html"})
    )
    assert found == {"Bearer abcdefghijk", "abcdefghijk", "12345678"}
    assert set(secrets_of_url("http://me:p%40ssword@proxy:1")) == {"p%40ssword", "p@ssword"}
    assert set(secrets_of_url("http://proxy:1")) == set(secrets_of_url(None)) == set()
