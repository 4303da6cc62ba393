"""Failures of the service: typed, with what a handler needs, and never taken for an answer."""

from __future__ import annotations

import pickle

from ...errors import ProviderError, RunFailed
from ..answers import Answer, collect
from ..catalogue import Group
from ..subject import Subject
from ..verdicts import Unmet, expect, expect_equal

check = Group("errors")

CODE = "rate_limit_exceeded"
SAID = "The service has enough to do."


@check(
    rule="ChatModel.respond raises ProviderError where the service failed",
    trap="the exception of the HTTP client or of a vendor's SDK passes through",
)
async def a_failure_is_a_provider_error(subject: Subject) -> None:
    await _failure(subject)


@check(
    rule="ProviderError.code: for programs, the service's own or the Assistants reference's",
    trap="all failures become `server_error`, or the HTTP status as text",
)
async def a_failure_keeps_its_code(subject: Subject) -> None:
    expect_equal((await _failure(subject)).code, CODE, "the code")


@check(
    rule="ProviderError: a message for a person, and fields of their types",
    trap="the message is the whole body, or empty; `retry_after` is the header's text",
)
async def a_failure_has_fields_of_their_types(subject: Subject) -> None:
    error = await _failure(subject)
    expect(bool(str(error).strip()), "a message", "none")
    expect(isinstance(error.code, str) and bool(error.code), "a code that is a text", error.code)
    expect(error.status_code is None or isinstance(error.status_code, int), "a whole status", error.status_code)
    expect(error.request_id is None or isinstance(error.request_id, str), "a request id in text", error.request_id)
    wait = error.retry_after
    is_wait = wait is None or (isinstance(wait, int | float) and wait >= 0)
    expect(is_wait, "`retry_after` in seconds", wait)


@check(
    rule="ProviderError.retry_after, request_id: what the service said",
    trap="the headers are gone when the body has been read, or `Retry-After` is a date",
)
async def a_failure_says_when_to_try_again(subject: Subject) -> None:
    scene = subject.scenarios.fail(CODE, SAID, retry_after=2.0, request_id="req_contract")
    error = await _raised_by(subject, scene.message)
    expect_equal((error.retry_after, error.request_id), (2.0, "req_contract"), "`retry_after` and `request_id`")


@check(
    rule="ProviderError can be pickled",
    trap="a subclass with arguments of its own, which pickle calls with one",
)
async def a_failure_can_be_pickled(subject: Subject) -> None:
    error = await _failure(subject)
    again = pickle.loads(pickle.dumps(error))
    expect_equal((type(again), str(again), again.code), (type(error), str(error), error.code), "the error again:")


@check(
    rule="ChatModel.respond: a call that failed leaves the model as it was",
    trap="a connection is not given back, or a flag stays set",
)
async def a_model_is_usable_after_a_failure(subject: Subject) -> None:
    scene = subject.scenarios.answer("Still there?")
    fails = subject.scenarios.fail(CODE, SAID)
    async with subject.open() as model:
        for _ in range(3):
            try:
                await collect(model.respond(subject.request(fails)))
            except ProviderError:
                continue
            raise Unmet("ProviderError", "an answer")
        answer = await collect(model.respond(subject.request(scene)))
    expect_equal(answer.finish_reasons, ["stop"], "the finish reasons")


@check(
    rule="RunRecord.last_error: the provider's code; RunFailed has a chat model's ProviderError as its cause",
    trap="the provider retries for longer than the run may take",
)
async def a_failure_ends_the_run_with_its_code(subject: Subject) -> None:
    scene = subject.scenarios.fail(CODE, SAID)
    async with subject.talk(scene.message) as talk:
        try:
            await talk.result()
        except RunFailed as error:
            expect_equal(error.code, CODE, "the code")
            if not await subject.is_backend():  # where the run failed at its service, and nothing was raised here
                expect(isinstance(error.__cause__, ProviderError), "ProviderError as the cause", error.__cause__)
            return
    raise Unmet("RunFailed", "a run that completed")


async def _failure(subject: Subject) -> ProviderError:
    return await _raised_by(subject, subject.scenarios.fail(CODE, SAID).message)


async def _raised_by(subject: Subject, message: str) -> ProviderError:
    answer: Answer | None = None
    try:
        answer = await subject.ask(message)
    except ProviderError as error:
        return error
    except Exception as error:
        raise Unmet("ProviderError", f"{type(error).__name__}: {error}") from error
    raise Unmet("ProviderError", f"the answer {answer.text[:200]!r}")
