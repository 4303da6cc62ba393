"""Cassettes as the kit uses them: a service is asked once, and not any more."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import aclosing, suppress
from pathlib import Path

import anyio
import pytest
from anyassistant.contract import (
    Cassettes,
    Check,
    LiveScenarios,
    Patience,
    Result,
    Scenarios,
    check,
    checks_of,
)
from anyassistant.contract.cassettes.file import path_of
from anyassistant.contract.catalogue import Group
from anyassistant.contract.runner import run_check
from anyassistant.contract.subject import Subject
from anyassistant.contract.subjects import subject_of
from anyassistant.http import WireClient, WireConfig
from anyassistant.protocols import ModelDelta, ModelRequest
from anyassistant.pytest_plugin import RECORD_VARIABLE
from chat_completions import ChatCompletions
from obedient_model import KEY, ORGANISATION, ChatService, serving

pytest_plugins = ["pytester"]

PORT_OF_NOBODY = 9
CHECKS = [
    "messages: an answer is stored as it was said",
    "parallel tools: two calls of one turn are told apart",
    "resume: a run that rests goes on in another client",
    "structured output: an answer fits its schema",
    "cancellation: a run that is cancelled keeps what was said",
    "cancellation: a call that is cancelled ends promptly",
    "cancellation: a cancelled run ends with its events",
    "limits: a run ends after its seconds",
    "concurrency: a crowd of threads is answered",
    "sync = async: it works inside a running loop",
    "asyncio and trio: several loops one after another are served",
]


@pytest.fixture
def service() -> Iterator[ChatService]:
    server = ChatService()
    with serving(server):
        yield server


@pytest.fixture
def recording(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    with monkeypatch.context() as patch:
        patch.setenv(RECORD_VARIABLE, "1")
        yield patch


def make_subject(folder: Path, url: str, *, key: str = KEY, patience: Patience | None = None) -> Subject:
    return subject_of(
        lambda: ChatCompletions(WireConfig(base_url=url, api_key=key, retry_seconds=0)),
        scenarios=Cassettes(folder, scenarios=LiveScenarios(to_the_letter=True)),
        model="obedient",
        secrets=[key],
        patience=patience,
    )


def by_id(id: str) -> Check:
    return next(one for one in checks_of() if one.id == id)


def passed(result: Result) -> bool:
    assert result.result == "passed", str(result)
    return True


@pytest.mark.parametrize("id", CHECKS)
def test_a_check_passes_again_without_the_service(
    tmp_path: Path, service: ChatService, recording: pytest.MonkeyPatch, id: str
) -> None:
    url, one = service.url, by_id(id)
    subject = make_subject(tmp_path, url)
    assert passed(run_check(one, subject, loops=["asyncio"]))
    asked = service.asked
    if one.is_async:
        assert passed(run_check(one, subject, loops=["trio"])), "replayed on the other loop at once"
        assert service.asked == asked
    recording.undo()
    service.shutdown()
    for _ in range(2):
        assert passed(run_check(one, make_subject(tmp_path, url, key="no-key-is-needed")))
    assert service.asked == asked


def test_nothing_secret_is_written(tmp_path: Path, service: ChatService, recording: pytest.MonkeyPatch) -> None:
    assert passed(run_check(by_id(CHECKS[0]), make_subject(tmp_path, service.url)))
    [file] = tmp_path.rglob("*.json")
    written = file.read_text("utf-8")
    assert "Keep this, please." in written
    for secret in (KEY, ORGANISATION, "session=", "authorization", "x-request-id", "user-agent"):
        assert secret.lower() not in written.lower()


def test_a_check_without_a_cassette_says_how_to_record_it(tmp_path: Path) -> None:
    subject = make_subject(tmp_path, "http://127.0.0.1:9")
    one = by_id(CHECKS[0])
    result = run_check(one, subject)
    assert result.result == "not_applicable"
    assert result.reason == f"no cassette: record {path_of(tmp_path, one.id)} with `pytest --record-cassettes`"


def test_a_check_that_asks_nobody_needs_no_cassette(tmp_path: Path, recording: pytest.MonkeyPatch) -> None:
    one = by_id("validation errors: an unknown option is refused")
    assert passed(run_check(one, make_subject(tmp_path, "http://127.0.0.1:9")))
    assert not list(tmp_path.iterdir())
    recording.undo()
    assert passed(run_check(one, make_subject(tmp_path, "http://127.0.0.1:9")))


def asks(*words: str, tokens: int = 3) -> Check:
    """A check that asks the service for these answers, and to whom they do not matter."""

    @Group("cassettes")(rule="none", trap="none")
    async def some_words_are_asked_for(subject: Subject) -> None:
        for word in words:
            await subject.ask(subject.scenarios.answer(word), max_completion_tokens=tokens)

    return some_words_are_asked_for


def test_what_was_not_recorded_is_told_with_the_nearest(
    tmp_path: Path, service: ChatService, recording: pytest.MonkeyPatch
) -> None:
    assert passed(run_check(asks("one", "two"), make_subject(tmp_path, service.url)))
    recording.undo()
    result = run_check(asks("one", "three", tokens=4), make_subject(tmp_path, service.url))
    file = path_of(tmp_path, result.group + ": " + result.name)
    assert result.result == "failed"
    assert result.reason.splitlines() == [
        f"expected: a request that is recorded in {file}",
        f"came: POST {service.url}/chat/completions",
        f"nearest: request 1 of 2, POST {service.url}/chat/completions",
        "  json.max_completion_tokens: recorded 3, now 4",
        "record it again: pytest --record-cassettes",
        "event loop: asyncio",
    ]
    again = run_check(asks("one", "one"), make_subject(tmp_path, service.url))
    assert "once more than the 1 times that it is recorded" in again.reason


def test_a_provider_cannot_hide_what_was_not_recorded(
    tmp_path: Path, service: ChatService, recording: pytest.MonkeyPatch
) -> None:
    @Group("cassettes")(rule="none", trap="none")
    async def errors_do_not_matter(subject: Subject) -> None:
        with suppress(Exception):
            await subject.ask(subject.scenarios.answer("other" if service.asked else "one"))

    assert passed(run_check(errors_do_not_matter, make_subject(tmp_path, service.url), loops=["asyncio"]))
    recording.undo()
    assert run_check(errors_do_not_matter, make_subject(tmp_path, service.url)).result == "failed"


def test_a_stream_that_was_left_does_not_end_when_it_is_replayed(
    tmp_path: Path, service: ChatService, recording: pytest.MonkeyPatch
) -> None:
    is_recording = True

    @Group("cassettes")(rule="none", trap="none")
    async def a_stream_is_left(subject: Subject) -> None:
        request = subject.request(subject.scenarios.stay_busy())
        async with subject.open() as model, aclosing(model.respond(request)) as deltas:
            first = await anext(deltas)
            assert isinstance(first, ModelDelta)
            if not is_recording:
                with anyio.move_on_after(0.3) as scope:
                    async for _ in deltas:
                        pass
                assert scope.cancelled_caught, "it hangs, as the service went on"

    assert passed(run_check(a_stream_is_left, make_subject(tmp_path, service.url), loops=["asyncio"]))
    [file] = tmp_path.rglob("*.json")
    assert '"broken_off": true' in file.read_text("utf-8")
    recording.undo()
    is_recording = False
    assert passed(run_check(a_stream_is_left, make_subject(tmp_path, service.url)))


def test_a_network_that_fails_loses_no_cassette(tmp_path: Path, service: ChatService, recording: object) -> None:
    assert passed(run_check(asks("one"), make_subject(tmp_path, service.url), loops=["asyncio"]))
    [file] = tmp_path.rglob("*.json")
    before = file.read_bytes()
    result = run_check(asks("one"), make_subject(tmp_path, f"http://127.0.0.1:{PORT_OF_NOBODY}"))
    assert result.result == "failed"
    assert "expected: an answer to be recorded" in result.reason
    assert f"{file} stays as it was" in result.reason
    assert file.read_bytes() == before
    assert list(file.parent.iterdir()) == [file]


def test_a_request_that_was_made_again_is_recorded_once(
    tmp_path: Path, service: ChatService, recording: pytest.MonkeyPatch
) -> None:
    @Group("cassettes")(rule="none", trap="none")
    async def a_connection_breaks(subject: Subject) -> None:
        wire = WireClient(WireConfig(base_url=service.url, api_key=KEY))
        answer = await wire.get("/broken-once")
        await wire.aclose()
        assert answer.json() == "mended"

    assert passed(run_check(a_connection_breaks, make_subject(tmp_path, service.url)))
    recording.undo()
    assert service.asked == 2
    assert passed(run_check(a_connection_breaks, make_subject(tmp_path, service.url)))
    assert service.asked == 2


def test_a_recording_that_is_interrupted_or_overdue_loses_no_cassette(
    tmp_path: Path, service: ChatService, recording: object
) -> None:
    scenarios = Cassettes(tmp_path)
    assert passed(run_check(asks("one"), make_subject(tmp_path, service.url), loops=["asyncio"]))
    [file] = tmp_path.rglob("*.json")
    before = file.read_bytes()
    with pytest.raises(KeyboardInterrupt), scenarios.staged(asks("one").id):
        raise KeyboardInterrupt

    @Group("cassettes")(rule="none", trap="none")
    async def some_words_are_asked_for(subject: Subject) -> None:
        await subject.ask(subject.scenarios.stay_busy())

    subject = make_subject(tmp_path, service.url, patience=Patience(check=0.2))
    assert "expected: an end within 0.2 s" in run_check(some_words_are_asked_for, subject).reason
    assert file.read_bytes() == before


def test_a_check_that_failed_when_it_was_recorded_fails_when_it_is_replayed(
    tmp_path: Path, service: ChatService, recording: pytest.MonkeyPatch
) -> None:
    @Group("cassettes")(rule="none", trap="none")
    async def the_answer_is_another(subject: Subject) -> None:
        assert (await subject.ask(subject.scenarios.answer("one"))).text == "two"

    assert run_check(the_answer_is_another, make_subject(tmp_path, service.url)).result == "failed"
    recording.undo()
    result = run_check(the_answer_is_another, make_subject(tmp_path, service.url))
    assert (result.result, "AssertionError" in result.reason) == ("failed", True)


async def test_the_variable_has_check_record_too(
    tmp_path: Path, service: ChatService, recording: pytest.MonkeyPatch, anyio_backend: str
) -> None:
    model = ChatCompletions(WireConfig(base_url=service.url, api_key=KEY))
    recording.setattr("anyassistant.contract.checking.checks_of", lambda suite: [by_id(CHECKS[0])])
    report = await check(model, scenarios=Cassettes(tmp_path))
    await model.aclose()
    assert [one.result for one in report.results] == ["not_applicable"]
    assert "cannot be foretold" in report.results[0].reason
    assert service.asked == 0
    report = await check(model, scenarios=Cassettes(tmp_path, scenarios=LiveScenarios(to_the_letter=True)))
    await model.aclose()
    assert not report.failures
    assert path_of(tmp_path, CHECKS[0]).exists()


def test_pytest_records_with_one_flag(pytester: pytest.Pytester, service: ChatService) -> None:
    pytester.makepyfile(
        test_it=f"""
        import sys
        sys.path.insert(0, {str(Path(__file__).parent)!r})
        from anyassistant.contract import Cassettes, ProviderContract
        from anyassistant.http import WireClient, WireConfig
        from chat_completions import ChatCompletions

        class TestIt(ProviderContract):
            scenarios = Cassettes("cassettes")

            def create_provider(self) -> ChatCompletions:
                return ChatCompletions(WireConfig(base_url={service.url!r}, api_key={KEY!r}))
        """
    )
    chosen = ("-q", "-rs", "-p", "no:cacheprovider", "-k", "usage and reported")
    before = pytester.runpytest_subprocess(*chosen)
    before.stdout.fnmatch_lines("*no cassette: record *cassettes/usage/*.json with `pytest --record-cassettes`*")
    recorded = pytester.runpytest_subprocess(*chosen, "--record-cassettes", "-v")
    recorded.stdout.fnmatch_lines("cassettes: recording from live services")
    asked = service.asked
    assert asked
    replayed = pytester.runpytest_subprocess(*chosen)
    passes = replayed.parseoutcomes()["passed"]
    assert passes == recorded.parseoutcomes()["passed"] == 3
    assert service.asked == asked


def test_every_scenario_is_that_of_the_live_ones() -> None:
    wrapped = {name for name, _ in inspect.getmembers(Scenarios, inspect.isfunction) if not name.startswith("_")}
    assert wrapped <= vars(Cassettes).keys()
    live = LiveScenarios(crowd=7)
    cassettes = Cassettes("nowhere", scenarios=live)
    assert cassettes.crowd == 7
    assert cassettes.answer("Hello") == live.answer("Hello")


def test_each_check_has_a_cassette_of_its_own(tmp_path: Path) -> None:
    files = [path_of(tmp_path, one.id) for one in checks_of()]
    assert len(set(files)) == len(files)
    assert (
        path_of(tmp_path, "sync = async: an answer is the same") == tmp_path / "sync-async/an-answer-is-the-same.json"
    )


def test_two_cassettes_cannot_be_used_at_once(tmp_path: Path) -> None:
    first, second = Cassettes(tmp_path / "one"), Cassettes(tmp_path / "two")
    with pytest.raises(RuntimeError, match="Two cassettes"), first.staged("a: b"), second.staged("a: b"):
        pass


@pytest.mark.parametrize("content", ["<<<<<<< HEAD\n", '{"cassette": "other/2", "exchanges": []}', "[]"])
def test_a_cassette_that_cannot_be_read_fails_its_check(tmp_path: Path, content: str) -> None:
    one = asks("one")
    file = path_of(tmp_path, one.id)
    file.parent.mkdir()
    file.write_text(content, "utf-8")
    result = run_check(one, make_subject(tmp_path, "http://127.0.0.1:9"))
    assert result.result == "failed"
    assert "expected: a cassette that can be read" in result.reason
    assert str(file) in result.reason


def test_a_request_has_nothing_to_wait_for_where_nobody_waited(
    tmp_path: Path, service: ChatService, recording: pytest.MonkeyPatch
) -> None:
    async def is_given_up(model: ChatCompletions, request: ModelRequest) -> bool:
        with anyio.move_on_after(0.05) as scope:
            async with aclosing(model.respond(request)) as deltas:
                async for _ in deltas:
                    pass
        return scope.cancelled_caught

    @Group("cassettes")(rule="none", trap="none")
    async def a_call_is_given_up(subject: Subject) -> None:
        async with subject.open() as model:
            assert isinstance(model, ChatCompletions)
            assert await is_given_up(model, subject.request(subject.scenarios.stay_busy()))

    assert passed(run_check(a_call_is_given_up, make_subject(tmp_path, service.url)))
    recording.undo()
    assert passed(run_check(a_call_is_given_up, make_subject(tmp_path, service.url)))
