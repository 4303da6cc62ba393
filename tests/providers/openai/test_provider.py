"""The provider over the double: what an app asks of assistants, threads and messages, and how it is configured."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from anyassistant import AsyncClient
from anyassistant.errors import ConfigError, InvalidRequest, NotFound, ProviderError, UnsupportedCapability
from anyassistant.plugins import Plugins
from anyassistant.protocols import AssistantParams, MessageParams, RunParams, ThreadParams
from anyassistant.types import Image, PageQuery, Text, ToolSpec
from anyassistant_openai import Config, OpenAIAssistants
from anyassistant_openai.busy import read_busy

from .double import KEY, Double, error
from .loopback import Request

MANY = [MessageParams([Text(str(at))]) for at in range(70)]
SPEC = ToolSpec("order", "Order.", {"type": "object"})


async def test_it_is_found_by_its_name() -> None:
    manifest = Plugins().manifest("openai-assistants")
    assert manifest.config is Config
    provider = manifest.create(manifest.config(base_url="http://127.0.0.1:1/v1"))
    assert isinstance(provider, OpenAIAssistants)
    await provider.aclose()


async def test_assistants(client: AsyncClient) -> None:
    made = await client.assistants.create(name="a", instructions="Be brief.", metadata={"k": "v"})
    assert (made.record.model, made.record.metadata) == ("gpt-4o", {"k": "v"})
    got = await client.assistants.get(made.id)
    assert got.record == made.record
    await client.assistants.update(made.id, name="b")
    assert (await client.assistants.get(made.id)).record.name == "b"
    assert [one.id async for one in client.assistants.list()] == [made.id]
    await client.assistants.delete(made.id)
    with pytest.raises(NotFound):
        await client.assistants.get(made.id)


async def test_a_thread_of_any_length(client: AsyncClient, double: Double) -> None:
    thread = await client.threads.create(messages=[str(at) for at in range(70)])
    assert [message.text async for message in thread.messages(limit=30)] == [str(at) for at in range(70)]
    assert len(double.requests[0].body["messages"]) == 32


async def test_a_thread_whose_further_messages_are_refused_is_not_left_half(
    provider: OpenAIAssistants, double: Double
) -> None:
    def refuse(request: Request):
        is_meant = request.method == "POST" and request.path.endswith("/messages")
        return error(400, "No.", param="content") if is_meant else None

    double.faults.append(refuse)
    with pytest.raises(InvalidRequest):
        await provider.create_thread(ThreadParams(MANY))
    assert double.sent[-1][0] == "thread.deleted"


async def test_pages(provider: OpenAIAssistants) -> None:
    thread = await provider.create_thread(ThreadParams(MANY[:5]))
    first = await thread.list_messages(PageQuery(limit=2, order="asc"))
    assert ([one.text for one in first.data], first.has_more) == (["0", "1"], True)
    rest = await thread.list_messages(PageQuery(limit=10, order="asc", after=first.data[-1].id))
    assert ([one.text for one in rest.data], rest.has_more) == (["2", "3", "4"], False)


async def test_messages_of_a_run(client: AsyncClient) -> None:
    assistant = await client.assistants.create()
    thread = await client.threads.create(messages=["hello"])
    result = await thread.run(assistant).result()
    assert [one.text async for one in thread.messages(run_id=result.run.id)] == ["ECHO: hello"]


async def test_bytes_of_an_image_are_uploaded(client: AsyncClient, double: Double) -> None:
    thread = await client.threads.create()
    message = await thread.add(["see", Image.from_bytes(b"\x89PNG", media_type="image/png")])
    assert message.content == [Text("see"), Image(file_id="file-1")]
    upload = next(one for one in double.requests if one.path == "/v1/files")
    assert b"\x89PNG" in upload.content
    assert b'name="purpose"\r\n\r\nvision' in upload.content


async def test_threads_are_listed_where_the_service_does(
    make_provider: Callable[..., OpenAIAssistants], double: Double
) -> None:
    cannot, can = make_provider(), make_provider(list_threads=True)
    thread = await can.create_thread(ThreadParams())
    assert [one.record.id for one in (await can.list_threads(PageQuery())).data] == [thread.record.id]
    before = len(double.requests)
    with pytest.raises(UnsupportedCapability):
        await cannot.list_threads(PageQuery())
    assert len(double.requests) == before


async def test_what_is_refused_is_not_sent(provider: OpenAIAssistants, double: Double) -> None:
    thread = await provider.create_thread(ThreadParams())
    before = len(double.requests)
    image = MessageParams([Image.from_bytes(b"x", media_type="image/png")])
    with pytest.raises(InvalidRequest):
        await thread.create_run(
            RunParams("asst_1", tools=[SPEC] * 21, additional_messages=[image]), executor=None, follow=True
        )
    assert len(double.requests) == before


async def test_an_id_cannot_lead_elsewhere(provider: OpenAIAssistants, double: Double) -> None:
    with pytest.raises(NotFound):
        await provider.get_thread("thread_1/runs")
    assert double.requests[-1].target == "/v1/threads/thread_1%2Fruns"
    with pytest.raises(NotFound):
        await provider.get_thread("")


async def test_a_stream_can_be_read_once(provider: OpenAIAssistants) -> None:
    assistant = await provider.create_assistant(AssistantParams(model="gpt-4o"))
    thread = await provider.create_thread(ThreadParams(MANY[:1]))
    run = await thread.create_run(RunParams(assistant.record.id), executor=None, follow=True)
    names = [event.event async for event in run.events()]
    assert (names[0], names[-1]) == ("thread.run.created", "thread.run.completed")
    with pytest.raises(ProviderError) as caught:
        async for _ in run.events():
            pass
    assert caught.value.code == "no_stream"


async def test_cancelling_a_run_that_has_ended_does_nothing(provider: OpenAIAssistants) -> None:
    assistant = await provider.create_assistant(AssistantParams(model="gpt-4o"))
    thread = await provider.create_thread(ThreadParams(MANY[:1]))
    run = await thread.create_run(RunParams(assistant.record.id), executor=None, follow=True)
    async for _ in run.events():
        pass
    await run.cancel()
    assert run.record.status == "completed"


async def test_a_service_says_when_it_wants_to_be_asked_again(provider: OpenAIAssistants, double: Double) -> None:
    double.poll_after_ms = 1500
    assistant = await provider.create_assistant(AssistantParams(model="gpt-4o"))
    thread = await provider.create_thread(ThreadParams(MANY[:1]))
    run = await thread.create_run(RunParams(assistant.record.id), executor=None, follow=False)
    assert run.poll_after is None
    await run.refresh()
    assert run.poll_after == 1.5


async def test_azure(make_provider: Callable[..., OpenAIAssistants], double: Double) -> None:
    provider = make_provider(key_header="api-key", api_version="2024-05-01-preview")
    thread = await provider.create_thread(ThreadParams())
    await thread.list_messages(PageQuery())
    for request in double.requests:
        assert request.headers["api-key"] == KEY
        assert "authorization" not in request.headers
        assert ("api-version", "2024-05-01-preview") in request.query


async def test_foundry(make_provider: Callable[..., OpenAIAssistants], double: Double) -> None:
    tokens = iter([KEY, "sk-other-0123456789"])

    async def get_token() -> str:
        return next(tokens)

    provider = make_provider(api_key=None, token=get_token, api_version="v1", list_threads=True)
    await provider.create_thread(ThreadParams())
    with pytest.raises(ProviderError) as caught:  # asked for each request
        await provider.create_thread(ThreadParams())
    assert "sk-other" not in str(caught.value)
    assert double.requests[0].headers["authorization"] == f"Bearer {KEY}"


async def test_a_token_can_be_named_in_a_profile(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "my_tokens.py").write_text("async def get_token():\n    return 'token-0123456789'\n", "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    config = Config(base_url="http://x.test", token="my_tokens:get_token")
    assert config.token is not None
    assert await config.token() == "token-0123456789"


async def test_the_organisation_and_the_project(make_provider: Callable[..., OpenAIAssistants], double: Double) -> None:
    await make_provider(organization="org_1", project="proj_1").create_thread(ThreadParams())
    headers = double.requests[-1].headers
    assert (headers["openai-organization"], headers["openai-project"]) == ("org_1", "proj_1")


@pytest.mark.parametrize(
    "settings",
    [
        "",
        'base_url = "nowhere"',
        'base_url = "http://x.test"\nkey_header = "X-Key"',
        'base_url = "http://x.test"\nx = 1',
    ],
)
async def test_a_configuration_that_cannot_be_used(tmp_path: Path, settings: str) -> None:
    path = tmp_path / "anyassistant.toml"
    path.write_text(f'[profiles.service]\nprovider = "openai-assistants"\n{settings}\n', "utf-8")
    with pytest.raises(ConfigError):
        async with AsyncClient("service", store=":memory:", config=path):
            pass


async def test_no_key_is_shown(provider: OpenAIAssistants) -> None:
    config = Config(base_url="http://x.test", api_key=KEY)
    assert KEY not in f"{config!r} {config} {provider!r} {provider._client!r}"


def test_words_of_a_busy_thread() -> None:
    def read(message: str, status: int = 400, code: str = "invalid_request"):
        refusal = InvalidRequest(message, param="request", code=code, status_code=status)
        return read_busy(refusal, "thread_1")

    for message in (
        "Can't add messages to thread_1 while a run run_Ab9 is active.",
        "Thread thread_1 already has an active run run_Ab9.",
    ):
        busy = read(message)
        assert busy is not None
        assert (busy.thread_id, busy.run_id) == ("thread_1", "run_Ab9")
    assert read("ensure this value has at most 32 items") is None
    busy = read("The conversation is in use.", code="conversation_locked")
    assert busy is not None
    assert busy.run_id == ""


async def test_a_token_that_cannot_be_had(make_provider: Callable[..., OpenAIAssistants], double: Double) -> None:
    async def get_token() -> str:
        raise OSError("the secret is sk-0123456789")

    provider = make_provider(api_key=None, token=get_token)
    with pytest.raises(ProviderError) as caught:
        await provider.create_thread(ThreadParams())
    assert caught.value.code == "authentication_error"
    assert "sk-0123456789" not in str(caught.value)
    assert isinstance(caught.value.__cause__, OSError)
    assert double.requests == []
