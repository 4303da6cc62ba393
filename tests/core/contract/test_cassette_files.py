"""What is on a cassette, and by what a request is recognised: with httpx itself, over answers of respx."""

from __future__ import annotations

import gzip
import html
import json
import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from urllib.parse import quote, quote_plus
from uuid import uuid4

import anyio
import httpx
import pytest
import respx
from anyassistant.contract import Cannot, Cassettes, NotRecorded
from anyassistant.contract.cassettes.pieces import replace_in_pieces
from anyassistant.contract.cassettes.secrets import Secrets
from anyassistant.errors import ConfigError
from anyassistant.pytest_plugin import RECORD_VARIABLE
from hypothesis import given
from hypothesis import strategies as st

URL = "https://api.example.com/v1/answers"
CHECK = "group: name"


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def recording(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    with monkeypatch.context() as patch:
        patch.setenv(RECORD_VARIABLE, "1")
        yield patch


def written(folder: Path) -> str:
    return (folder / "group" / "name.json").read_text("utf-8")


def exchanges(folder: Path) -> list[dict[str, dict[str, object]]]:
    found: list[dict[str, dict[str, object]]] = json.loads(written(folder))["exchanges"]
    return found


def echo(request: httpx.Request) -> httpx.Response:
    return httpx.Response(200, json={"echo": json.loads(request.content)})


def post(body: object, **headers: str) -> httpx.Response:
    return httpx.post(URL, json=body, headers=headers)


def test_a_blocking_client_is_recorded_too(tmp_path: Path, recording: pytest.MonkeyPatch) -> None:
    cassettes = Cassettes(tmp_path)
    with respx.mock, cassettes.staged(CHECK):
        respx.post(URL).respond(201, json={"a": "ä"}, headers={"retry-after": "1", "x-account": "acct"})
        first = post({"b": 1})
    recording.undo()
    with cassettes.staged(CHECK):
        again = post({"b": 1})
    assert (again.status_code, again.content, again.headers["retry-after"]) == (201, first.content, "1")
    assert "x-account" not in again.headers


async def in_pieces(pieces: list[bytes]) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


async def test_pieces_come_as_they_came(tmp_path: Path, recording: pytest.MonkeyPatch, anyio_backend: str) -> None:
    pieces = [b"data: gr", "ü".encode()[:1], "ü".encode()[1:] + b"n\n", b"\n"]

    async def listen() -> list[bytes]:
        async with httpx.AsyncClient() as client, client.stream("GET", URL) as response:
            return [piece async for piece in response.aiter_raw()]

    cassettes = Cassettes(tmp_path)
    with respx.mock, cassettes.staged(CHECK):
        respx.get(URL).respond(stream=in_pieces(pieces))
        assert await listen() == pieces
    recording.undo()
    with cassettes.staged(CHECK):
        assert await listen() == pieces
    assert '"data: gr"' in written(tmp_path)


def test_what_was_compressed_can_be_read(tmp_path: Path, recording: pytest.MonkeyPatch) -> None:
    cassettes = Cassettes(tmp_path)
    with respx.mock, cassettes.staged(CHECK, secrets=["sk-0123456789"]):
        packed = gzip.compress(b'{"said": "sk-0123456789"}')
        respx.post(URL).respond(content=packed, headers={"content-encoding": "gzip"})
        assert post({}).json() == {"said": "sk-0123456789"}
    recording.undo()
    assert exchanges(tmp_path)[0]["answer"]["pieces"] == ['{"said": "***"}']
    with cassettes.staged(CHECK, secrets=["sk-0123456789"]):
        assert post({}).json() == {"said": "***"}


def test_what_is_binary_stays_what_it_is(tmp_path: Path, recording: pytest.MonkeyPatch) -> None:
    cassettes = Cassettes(tmp_path)
    picture = bytes(range(256))
    with respx.mock, cassettes.staged(CHECK):
        respx.post(URL).respond(content=picture)
        httpx.post(URL, content=picture)
    recording.undo()
    with cassettes.staged(CHECK):
        assert httpx.post(URL, content=picture).content == picture


def test_secrets_are_hidden_wherever_they_are(tmp_path: Path, recording: pytest.MonkeyPatch) -> None:
    told, key, password = "told-by-the-author", "sk-of-the-header", "p@ss/word-1234"
    cassettes = Cassettes(tmp_path)
    with respx.mock, cassettes.staged(CHECK, secrets=[told]):
        cut = [b'{"a": "told-by-', b'the-author", "access_token": "tok-', b'123456789"}']
        respx.post(url__startswith="https://").respond(stream=iter(cut), headers={"location": f"/x?{told}"})
        httpx.post(
            f"https://user:p%40ss%2Fword-1234@api.example.com/{told}?key=in-the-query&page_token=second-page",
            json={"note": f"{told} {key} {password}", "client_secret": "in-the-body-1"},
            headers={"x-api-key": key, "Cookie": "session=crumbs-of-cookies"},
        )
        respx.get(URL).respond(text="tok-123456789 in-the-query in-the-body-1 crumbs-of-cookies")
        httpx.get(URL, headers={"Authorization": "Bearer tok-123456789"})
    text = written(tmp_path)
    for secret in (told, key, password, "p%40ss", "in-the-query", "in-the-body-1", "crumbs", "tok-1234", "user:"):
        assert secret not in text
    assert "page_token=second-page" in text
    recording.undo()
    with cassettes.staged(CHECK, secrets=["another-told-secret"]):
        answer = httpx.post(
            "https://api.example.com/another-told-secret?key=none&page_token=second-page",
            json={"note": "another-told-secret no-key-at-all *** ***".replace("no-key-at-all ", ""),
                  "client_secret": "another-one-here"},
            headers={"x-api-key": "no-key-at-all"},
        )  # fmt: skip
    assert answer.json() == {"a": "***", "access_token": "***"}


def test_what_differs_from_run_to_run_is_recognised(tmp_path: Path, recording: pytest.MonkeyPatch) -> None:
    def say(time: str, seconds: float) -> tuple[str, httpx.Response]:
        run, trace = f"run_{uuid4().hex[:24]}", str(uuid4())
        body = {"run": run, "again": f"of {run}", "trace": trace, "at": time, "sent": seconds}
        return run, httpx.post(f"{URL}/{run}", json=body, headers={"Idempotency-Key": uuid4().hex})

    def make(request: httpx.Request) -> httpx.Response:
        return httpx.Response(201, headers={"location": f"{request.url}/made"}, content=echo(request).content)

    cassettes = Cassettes(tmp_path)
    with respx.mock, cassettes.staged(CHECK):
        respx.post(url__startswith=URL).mock(side_effect=make)
        run, answer = say("2026-11-24T10:00:00Z", 1_795_543_338)
        assert answer.json()["echo"]["run"] == run
    recording.undo()
    assert exchanges(tmp_path)[0]["request"]["json"] == {
        "again": "of <id 1>", "at": "<time>", "run": "<id 1>", "sent": "<time>", "trace": "<id 2>",
    }  # fmt: skip
    with cassettes.staged(CHECK):
        run, answer = say("2027-01-31 23:59:59.123+01:00", 1_800_000_000.5)
    assert answer.json()["echo"]["run"] == run, "what the service repeats is what this run said"
    assert answer.json()["echo"]["again"] == f"of {run}"
    assert answer.headers["location"] == f"{URL}/{run}/made"


def test_forms_are_recognised_whatever_their_boundary(tmp_path: Path, recording: pytest.MonkeyPatch) -> None:
    cassettes = Cassettes(tmp_path)
    with respx.mock, cassettes.staged(CHECK):
        respx.post(URL).respond(text="taken")
        httpx.post(URL, files={"file": ("a.txt", b"some text", "text/plain")})
    recording.undo()
    with cassettes.staged(CHECK):
        assert httpx.post(URL, files={"file": ("a.txt", b"some text", "text/plain")}).text == "taken"
    with pytest.raises(NotRecorded, match=r"some text.*other text"), cassettes.staged(CHECK):
        httpx.post(URL, files={"file": ("a.txt", b"other text", "text/plain")})


def test_ids_of_the_service_lead_to_the_same_objects(tmp_path: Path, recording: pytest.MonkeyPatch) -> None:
    ids = ["thread_" + "1a" * 12, "thread_" + "2b" * 12]
    cassettes = Cassettes(tmp_path)
    with respx.mock, cassettes.staged(CHECK):
        respx.post(URL).mock(side_effect=[httpx.Response(200, json={"id": id}) for id in ids])
        for id in ids:
            respx.get(f"{URL}/{id}").respond(text=f"of {id}")
        made = [post({}).json()["id"] for _ in ids]
        for id in made:
            httpx.get(f"{URL}/{id}")
    recording.undo()
    with cassettes.staged(CHECK):
        made = [post({}).json()["id"] for _ in ids]
        assert [httpx.get(f"{URL}/{id}").text for id in reversed(made)] == [f"of {id}" for id in reversed(ids)]


def test_equal_requests_are_answered_in_turn(tmp_path: Path, recording: pytest.MonkeyPatch) -> None:
    cassettes = Cassettes(tmp_path)
    with respx.mock, cassettes.staged(CHECK):
        respx.post(URL).mock(side_effect=[httpx.Response(429), httpx.Response(200, text="one"), httpx.Response(500)])
        for body in ({"a": 1, "b": 2}, {"a": 1, "b": 2}, {"a": 3}):
            post(body)
    recording.undo()
    with cassettes.staged(CHECK):
        assert [post(body).status_code for body in ({"a": 3}, {"b": 2, "a": 1}, {"a": 1, "b": 2})] == [500, 429, 200]


def test_long_texts_are_not_written_but_told_apart(tmp_path: Path, recording: pytest.MonkeyPatch) -> None:
    cassettes = Cassettes(tmp_path)
    with respx.mock, cassettes.staged(CHECK):
        respx.post(URL).mock(side_effect=lambda request: httpx.Response(200, text=request.content[-10:].decode()))
        for end in ("a", "b"):
            post({"text": "word" * 50_000 + end})
    recording.undo()
    assert len(written(tmp_path)) < 3_000
    with cassettes.staged(CHECK):
        assert [post({"text": "word" * 50_000 + end}).text[-3] for end in ("b", "a")] == ["b", "a"]


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 1, 0, 2)])
def test_what_is_asked_side_by_side_is_written_in_the_same_order(
    tmp_path: Path, recording: pytest.MonkeyPatch, order: tuple[int, ...]
) -> None:
    async def ask_all() -> None:
        async with httpx.AsyncClient() as client:
            await client.post(URL, json={"number": "first"})
            async with anyio.create_task_group() as group:
                for number in order:
                    group.start_soon(ask, client, number)
            await client.post(URL, json={"number": "at last"})

    async def ask(client: httpx.AsyncClient, number: int) -> None:
        await client.post(URL, json={"number": number, "id": str(uuid4())})

    arrived: list[httpx.Request] = []

    async def answer_when_all_have_come(request: httpx.Request) -> httpx.Response:
        arrived.append(request)
        while 1 < len(arrived) < 1 + len(order):  # noqa: ASYNC110 - in the double alone
            await anyio.sleep(0.001)
        return echo(request)

    with respx.mock, Cassettes(tmp_path).staged(CHECK):
        respx.post(URL).mock(side_effect=answer_when_all_have_come)
        anyio.run(ask_all)
    asked = [one["request"]["json"] for one in exchanges(tmp_path)]
    assert [one["number"] for one in asked if isinstance(one, dict)] == ["first", 0, 1, 2, 3, "at last"]
    assert [one.get("id") for one in asked if isinstance(one, dict)][1:5] == [f"<id {at}>" for at in (1, 2, 3, 4)]


def test_recording_again_gives_the_same_file(tmp_path: Path, recording: pytest.MonkeyPatch) -> None:
    found = set()
    for _ in range(2):
        with respx.mock, Cassettes(tmp_path).staged(CHECK):
            respx.post(URL).mock(side_effect=echo)
            post({"id": str(uuid4())})
        found.add(written(tmp_path))
    assert len(found) == 1


def test_a_check_that_asks_nobody_any_more_has_no_cassette(tmp_path: Path, recording: pytest.MonkeyPatch) -> None:
    cassettes = Cassettes(tmp_path)
    with respx.mock, cassettes.staged(CHECK):
        respx.post(URL).mock(side_effect=echo)
        post({})
    with cassettes.staged(CHECK):
        pass
    assert not (tmp_path / "group" / "name.json").exists()


def test_headers_that_a_provider_reads_can_be_kept(tmp_path: Path, recording: pytest.MonkeyPatch) -> None:
    cassettes = Cassettes(tmp_path, headers=["X-Remaining"])
    with respx.mock, cassettes.staged(CHECK):
        respx.post(URL).respond(headers={"x-remaining": "7", "x-other": "8"})
        post({})
    assert exchanges(tmp_path)[0]["answer"]["headers"] == {"x-remaining": "7"}


def test_a_request_that_is_missing_says_what_and_where(tmp_path: Path, recording: pytest.MonkeyPatch) -> None:
    cassettes = Cassettes(tmp_path)
    with respx.mock, cassettes.staged(CHECK):
        respx.post(URL).mock(side_effect=echo)
        post({"messages": [{"text": "one"}], "a": 1})
    recording.undo()
    with pytest.raises(NotRecorded) as caught, cassettes.staged(CHECK):
        post({"messages": [{"text": "two"}, {}], "b": 2}, Authorization="Bearer sk-0123456789")
    error = caught.value
    assert error.request == f"POST {URL}"
    assert error.file == tmp_path / "group" / "name.json"
    for line in (
        "  json.a: recorded 1, now missing",
        "  json.messages[0].text: recorded 'one', now 'two'",
        "  json.messages: recorded 1 items, now 2",
        "record it again: pytest --record-cassettes",
    ):
        assert line in str(error)
    assert "sk-0123456789" not in str(error)


@given(st.lists(st.binary(max_size=6), max_size=8), st.binary(min_size=1, max_size=3))
def test_pieces_are_the_body_with_what_is_replaced(pieces: list[bytes], sought: bytes) -> None:
    pattern = re.compile(re.escape(sought))
    replaced = replace_in_pieces(pieces, pattern, lambda _: b"<>")
    assert b"".join(replaced) == pattern.sub(b"<>", b"".join(pieces))
    assert len(replaced) <= len([piece for piece in pieces if piece])
    if sought not in b"".join(pieces):
        assert replaced == [piece for piece in pieces if piece]


@given(st.text(min_size=8, max_size=20), st.integers(1, 9))
def test_no_secret_is_left_however_it_is_cut(secret: str, at: int) -> None:
    content = f"before {secret} after".encode()
    hidden = Secrets([secret]).hide_in_pieces([content[: 7 + at], content[7 + at :]])
    assert secret.encode() not in b"".join(hidden)


def in_json_of_json(secret: str) -> str:
    return json.dumps(json.dumps([secret]))


def in_escaped_json(secret: str) -> str:
    """As PHP and Go write it."""
    return json.dumps(secret).replace("/", r"\/").replace("&", r"\u0026").replace("=", r"\u003D")


@pytest.mark.parametrize(
    "write",
    [
        json.dumps,
        in_json_of_json,
        in_escaped_json,
        quote,
        lambda secret: quote(quote_plus(secret)),
        lambda secret: re.sub("%..", lambda match: match[0].lower(), quote(secret)),
        html.escape,
        repr,
    ],
)
@pytest.mark.parametrize("secret", ["sk-1234_567", 'p/a+s=s&w%o r\\d"\n1234', "größe-€-🔑-<'1234'>"])
def test_a_secret_is_hidden_however_it_is_written(write: Callable[[str], str], secret: str) -> None:
    hidden = Secrets([secret]).hide(f"before {write(secret)} after".encode()).decode()
    assert "***" in hidden
    assert "1234" not in hidden


@pytest.mark.parametrize("encode", [b64encode, urlsafe_b64encode])
@pytest.mark.parametrize("before", ["", "a", "ab", "abc"])
def test_a_secret_is_hidden_in_base64(encode: Callable[[bytes], bytes], before: str) -> None:
    hidden = Secrets(["sk?>~1234_567"]).hide(encode(f"{before}sk?>~1234_567 after".encode())).decode()
    start, end = hidden.split("***")
    assert len(start) <= len(before) + 2
    assert len(end) <= len(" after") * 4 / 3 + 4


def test_signed_addresses_are_hidden_in_answers(tmp_path: Path, recording: pytest.MonkeyPatch) -> None:
    with respx.mock, Cassettes(tmp_path).staged(CHECK):
        location = "https://files.example.com/1?expires=2026&sig=of-the%2Flocation"
        text = '{"accessToken": "a\\/token-of-a-user", "url": "https://files.example.com/2?v=1\\u0026sig=of-the-body"}'
        respx.post(URL).respond(201, headers={"location": location}, text=text)
        post({})
        respx.get(URL).respond(text="of-the/location")
        httpx.get(URL, params={"v": "a/token-of-a-user"})
    for secret in ("of-the", "token-of"):
        assert secret not in written(tmp_path)
    assert "expires=2026&sig=***" in written(tmp_path)


def test_what_failed_is_told_without_its_key(tmp_path: Path, recording: pytest.MonkeyPatch) -> None:
    fault = httpx.LocalProtocolError(r"Illegal header value b'Bearer sk-0123456789\n'")
    with respx.mock, pytest.raises(NotRecorded, match="Illegal header value") as caught:
        respx.post(URL).mock(side_effect=fault)
        with Cassettes(tmp_path).staged(CHECK), suppress(httpx.LocalProtocolError):
            post({}, Authorization="Bearer sk-0123456789\n")
    assert "sk-0123456789" not in str(caught.value)


def test_a_check_that_fails_before_it_asks_loses_no_cassette(tmp_path: Path, recording: pytest.MonkeyPatch) -> None:
    cassettes = Cassettes(tmp_path)
    with respx.mock, cassettes.staged(CHECK):
        respx.post(URL).mock(side_effect=echo)
        post({})
    before = written(tmp_path)
    with pytest.raises(ConfigError), cassettes.staged(CHECK):
        raise ConfigError("there is no key")
    assert written(tmp_path) == before
    with pytest.raises(Cannot), cassettes.staged(CHECK):
        raise Cannot("the check is not applicable any more")
    assert not (tmp_path / "group" / "name.json").exists()


async def test_an_answer_that_nobody_closed_is_beside_all_that_follow(
    tmp_path: Path, recording: pytest.MonkeyPatch, anyio_backend: str
) -> None:
    async with httpx.AsyncClient() as client, AsyncExitStack() as stack:
        with respx.mock, Cassettes(tmp_path).staged(CHECK):
            respx.get(URL).respond(stream=in_pieces([b"one", b"two"]))
            respx.post(URL).mock(side_effect=echo)
            await stack.enter_async_context(client.stream("GET", URL))
            for number in (5, 4, 3, 2, 1):
                await client.post(URL, json={"number": number})
    asked = [one["request"].get("json") for one in exchanges(tmp_path)]
    assert [one["number"] for one in asked if isinstance(one, dict)] == [1, 2, 3, 4, 5]


def test_what_is_polled_more_often_than_before_stays_as_it_was(tmp_path: Path, recording: pytest.MonkeyPatch) -> None:
    cassettes = Cassettes(tmp_path)
    with respx.mock, cassettes.staged(CHECK):
        respx.get(URL).mock(side_effect=[httpx.Response(200, text=text) for text in ("queued", "done")])
        for _ in range(2):
            httpx.get(URL)
    recording.undo()
    with cassettes.staged(CHECK):
        assert [httpx.get(URL).text for _ in range(4)] == ["queued", "done", "done", "done"]


async def test_a_poll_that_was_given_up_is_not_waited_for(
    tmp_path: Path, recording: pytest.MonkeyPatch, anyio_backend: str
) -> None:
    async def never(request: httpx.Request) -> httpx.Response:
        await anyio.sleep_forever()
        raise AssertionError

    cassettes = Cassettes(tmp_path)
    async with httpx.AsyncClient() as client:
        with respx.mock, cassettes.staged(CHECK):
            respx.get(URL).mock(side_effect=never)
            with anyio.move_on_after(0.01):
                await client.get(URL)
            respx.get(URL).mock(side_effect=None, return_value=httpx.Response(200, text="done"))
            await client.get(URL)
        recording.undo()
        with cassettes.staged(CHECK):
            assert [(await client.get(URL)).text for _ in range(2)] == ["done", "done"]


@pytest.mark.parametrize("given", [(0, 1), (1, 0)])
def test_objects_that_are_made_alike_may_change_places(
    tmp_path: Path, recording: pytest.MonkeyPatch, given: tuple[int, int]
) -> None:
    """Two tasks that each make an object and use it: which of them gets which of the two ids is chance."""
    ids = ["asst_" + "1a" * 12, "asst_" + "2b" * 12]

    def use(id: str, word: str) -> httpx.Response:
        return httpx.post(f"{URL}/{id}/words", json={"word": word, "of": id})

    cassettes = Cassettes(tmp_path)
    with respx.mock, cassettes.staged(CHECK):
        respx.post(URL).mock(side_effect=[httpx.Response(200, json={"id": id}) for id in ids])
        respx.post(url__regex=".*/words").mock(side_effect=echo)
        for word, id in zip(("one", "two"), [post({}).json()["id"] for _ in ids], strict=True):
            use(id, word)
    recording.undo()
    with cassettes.staged(CHECK):
        made = [post({}).json()["id"] for _ in ids]
        for word, at in zip(("one", "two"), given, strict=True):
            assert use(made[at], word).json() == {"echo": {"word": word, "of": made[at]}}
    with pytest.raises(NotRecorded), cassettes.staged(CHECK):
        made = [post({}).json()["id"] for _ in ids]
        use(made[0], "one")
        use(made[0], "two")
