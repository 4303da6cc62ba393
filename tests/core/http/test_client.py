"""Requests: what is sent, and what comes back."""

from importlib.metadata import version

import httpx
import pytest
import respx
from anyassistant.errors import ConfigError, InvalidRequest, ProviderError
from anyassistant.http import WireClient, WireConfig
from anyassistant.http.transports import proxy_of_environment
from pydantic import SecretStr

BASE = "https://api.test/v1"
SSE = {"content-type": "text/event-stream"}


@respx.mock
async def test_json_goes_out_and_comes_back(make_wire) -> None:
    route = respx.post(f"{BASE}/threads").respond(201, json={"id": "t"}, headers={"OpenAI-Poll-After-Ms": "500"})
    body = {"name": "naïve", "temperature": 0.0, "odd": float("nan"), "none": None}
    response = await make_wire(BASE).post("/threads", body)
    sent = route.calls.last.request
    assert (response.status_code, response.json()) == (201, {"id": "t"})
    assert response.headers["openai-poll-after-ms"] == "500"
    assert sent.content == '{"name":"naïve","temperature":0.0,"odd":null,"none":null}'.encode()
    assert sent.headers["content-type"] == "application/json"


@respx.mock
async def test_who_asks_is_told(make_wire) -> None:
    route = respx.get(f"{BASE}/threads").respond(json=[])
    await make_wire(BASE, client={"name": "anyassistant-ollama/0.1"}).get("/threads")
    await make_wire(BASE).get("/threads")
    assert [call.request.headers["user-agent"] for call in route.calls] == [
        f"anyassistant/{version('anyassistant')} anyassistant-ollama/0.1",
        f"anyassistant/{version('anyassistant')}",
    ]


@respx.mock
@pytest.mark.parametrize(
    ("key_header", "value"),
    [("Authorization", "Bearer key-1234"), ("api-key", "key-1234"), ("x-goog-api-key", "key-1234")],
)
async def test_the_key_is_where_the_service_wants_it(make_wire, key_header: str, value: str) -> None:
    route = respx.get(f"{BASE}/threads").respond(json=[])
    await make_wire(BASE, api_key=SecretStr("key-1234"), client={"key_header": key_header}).get("/threads")
    assert route.calls.last.request.headers[key_header] == value


@respx.mock
async def test_without_a_key_nothing_is_said_of_one(make_wire) -> None:
    route = respx.get(f"{BASE}/threads").respond(json=[])
    await make_wire(BASE).get("/threads")
    assert "authorization" not in route.calls.last.request.headers


@respx.mock
async def test_a_token_is_asked_for_at_each_attempt(make_wire) -> None:
    tokens = iter(["token-number-1", "token-number-2"])

    async def token() -> str:
        return next(tokens)

    route = respx.get(f"{BASE}/threads")
    route.side_effect = [
        httpx.Response(429, headers={"retry-after": "0"}),
        httpx.Response(401, text="no: token-number-2"),
    ]
    with pytest.raises(ProviderError, match=r"no: \*\*\*$"):
        await make_wire(BASE, client={"token": token}).get("/threads")
    sent = [call.request.headers["authorization"] for call in route.calls]
    assert sent == ["Bearer token-number-1", "Bearer token-number-2"]


@respx.mock
async def test_headers_of_the_profile_win_over_those_of_the_provider(make_wire) -> None:
    route = respx.get(f"{BASE}/threads").respond(json=[])
    wire = make_wire(
        BASE, headers={"OpenAI-Beta": "assistants=v3"}, client={"headers": {"openai-beta": "assistants=v2"}}
    )
    await wire.get("/threads", headers={"X-Trace": "1"})
    sent = route.calls.last.request.headers
    assert (sent.get_list("openai-beta"), sent["x-trace"]) == (["assistants=v3"], "1")
    await wire.get("/threads", headers={"openai-beta": "assistants=v4"})
    sent = route.calls.last.request.headers
    assert (sent.get_list("openai-beta"), "x-trace" in sent) == (["assistants=v4"], False)


@respx.mock
async def test_a_query_leaves_out_what_is_not_set(make_wire) -> None:
    route = respx.get(url__startswith=f"{BASE}/threads").respond(json=[])
    query = {"limit": 20, "after": None, "order": "asc", "include[]": ["a", "b"], "all": True}
    await make_wire(BASE).get("/threads", query=query)
    assert route.calls.last.request.url.params.multi_items() == [
        ("limit", "20"),
        ("order", "asc"),
        ("include[]", "a"),
        ("include[]", "b"),
        ("all", "true"),
    ]


@respx.mock
async def test_a_query_is_no_part_of_an_error(make_wire) -> None:
    respx.get(url__startswith=f"{BASE}/threads").respond(401)
    with pytest.raises(ProviderError, match=f"GET {BASE}/threads was answered 401"):
        await make_wire(BASE).get("/threads", query={"key": "k"})


@respx.mock
async def test_deleting_is_made_again_as_it_does_no_harm(make_wire) -> None:
    route = respx.delete(f"{BASE}/threads/1")
    route.side_effect = [httpx.ReadError("reset"), httpx.Response(200, json={"deleted": True})]
    assert (await make_wire(BASE).delete("/threads/1")).json() == {"deleted": True}


@respx.mock
async def test_a_file_travels_in_a_form(make_wire) -> None:
    route = respx.post(f"{BASE}/files").respond(json={"id": "file-1"})
    wire = make_wire(BASE)
    await wire.upload(
        "/files", b"a,b\n1,2\n", filename="t.csv", media_type="text/csv", fields={"purpose": "assistants"}
    )
    sent = route.calls.last.request
    assert sent.headers["content-type"].startswith("multipart/form-data; boundary=")
    assert b'name="purpose"\r\n\r\nassistants\r\n' in sent.content
    assert b'name="file"; filename="t.csv"\r\nContent-Type: text/csv\r\n\r\na,b\n1,2\n' in sent.content


@respx.mock
async def test_content_that_is_no_json_is_given_as_it_came(make_wire) -> None:
    respx.get(f"{BASE}/files/1/content").respond(content=b"\x89PNG")
    response = await make_wire(BASE).get("/files/1/content")
    assert response.content == b"\x89PNG"
    with pytest.raises(ProviderError, match="no JSON") as caught:
        response.json()
    assert caught.value.code == "invalid_response"


@respx.mock
async def test_an_answer_may_be_compressed(make_wire) -> None:
    import gzip

    headers = {"content-encoding": "gzip"}
    respx.get(f"{BASE}/threads").respond(content=gzip.compress(b'{"a":1}'), headers=headers)
    respx.post(f"{BASE}/chat").respond(content=gzip.compress(b"data: 1\n\n"), headers={**headers, **SSE})
    wire = make_wire(BASE)
    assert (await wire.get("/threads")).json() == {"a": 1}
    async with wire.sse("/chat", {}) as events:
        assert [event async for event in events] == [1]


@pytest.mark.parametrize("given", ["profile", "environment"])
async def test_a_proxy_is_asked_instead(make_wire, serving, whole, monkeypatch, given: str) -> None:
    monkeypatch.setenv("NO_PROXY", "other.test")
    async with serving([whole(b'{"a":1}')]) as server:
        proxy = server.url.replace("http://", "http://me:pass-word@")
        monkeypatch.setenv("HTTP_PROXY", proxy if given == "environment" else "http://127.0.0.1:1")
        wire = make_wire("http://wire.test", **({"proxy": proxy} if given == "profile" else {}))
        assert (await wire.get("/threads")).json() == {"a": 1}
        head = server.requests[0][0].lower()
        assert head.startswith(b"get http://wire.test/threads http/1.1")
        assert b"proxy-authorization: basic" in head


@pytest.mark.parametrize(
    ("environment", "url", "proxy"),
    [
        ({}, "http://wire.test", None),
        ({"http_proxy": "http://proxy:1"}, "http://wire.test/v1", "http://proxy:1"),
        ({"http_proxy": "http://proxy:1"}, "https://wire.test/v1", None),
        ({"https_proxy": "proxy:1"}, "https://wire.test/v1", "http://proxy:1"),
        ({"all_proxy": "http://proxy:1"}, "https://wire.test/v1", "http://proxy:1"),
        ({"http_proxy": "http://proxy:1", "no_proxy": "wire.test"}, "http://wire.test:8000/v1", None),
        ({"http_proxy": "http://proxy:1", "no_proxy": "*"}, "http://wire.test/v1", None),
    ],
)
def test_the_environment_names_proxies(monkeypatch, environment: dict[str, str], url: str, proxy: str | None) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert proxy_of_environment(url) == proxy


@pytest.mark.parametrize(
    ("proxy", "said"),
    [
        ("socks://me:pass-word@proxy:1", "Unknown scheme"),
        ("http://me:pass-word@proxy:port", "Invalid port"),
        ("socks5://me:pass-word@proxy:1", r"pip install 'httpx\[socks\]'"),
    ],
)
def test_a_proxy_that_cannot_be_used_is_told_before_anything_is_sent(monkeypatch, proxy: str, said: str) -> None:
    monkeypatch.setattr("anyassistant.http.transports.find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=said) as caught:
        WireClient(WireConfig(base_url="http://wire.test", proxy=proxy))
    assert "pass-word" not in str(caught.value)


@respx.mock
async def test_redirects_are_not_followed_as_they_would_take_the_key_along(make_wire) -> None:
    respx.get(f"{BASE}/threads").respond(301, headers={"location": "https://elsewhere.test/"})
    with pytest.raises(ProviderError, match="base_url") as caught:
        await make_wire(BASE).get("/threads")
    assert caught.value.status_code == 301


@pytest.mark.parametrize(
    "path",
    [
        "/threads/../files",
        "/threads/..",
        "/./x",
        "/threads/a?b=c",
        "/threads/a#b",
        "/a b",
        "/a\\b",
    ],
)
async def test_an_id_leads_to_no_other_place(make_wire, path: str) -> None:
    with pytest.raises(InvalidRequest, match="no path") as caught:
        await make_wire(BASE).get(path)
    assert (caught.value.param, caught.value.code) == ("path", "invalid_value")


@respx.mock
async def test_an_id_that_is_quoted_stays_one_part_of_a_path(make_wire) -> None:
    route = respx.get(url__startswith=f"{BASE}/threads/").respond(json={})
    await make_wire(BASE).get("/threads/a%2F..%3Fb")
    assert route.calls.last.request.url.raw_path == b"/v1/threads/a%2F..%3Fb"


@pytest.mark.parametrize("body", [{"a": object()}, {"a": "\ud800"}])
async def test_a_body_that_is_no_json_is_refused(make_wire, body: object) -> None:
    with pytest.raises(InvalidRequest, match="cannot be written as JSON") as caught:
        await make_wire(BASE).post("/threads", body)
    assert (caught.value.param, caught.value.code) == ("body", "invalid_value")
