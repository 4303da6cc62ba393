"""Secrets are never shown."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Mapping, Sequence

from ...errors import ProviderError
from ..catalogue import Group
from ..subject import Subject
from ..verdicts import NotApplicable, Unmet, expect

check = Group("secrets")


@check(
    rule="The contract, secrets: a key never comes from a repr",
    trap="a dataclass, or a model of pydantic without SecretStr, shows all its fields",
)
async def a_provider_does_not_show_them(subject: Subject) -> None:
    secrets = _secrets(subject)
    async with subject.open() as model:
        _expect_hidden({"repr()": repr(model), "str()": str(model)}, secrets, "the provider's repr")


@check(
    rule="The contract, secrets: a key never comes from a repr",
    trap="the key is typed `str` instead of SecretStr, or named by its environment variable",
)
def a_config_does_not_show_them(subject: Subject) -> None:
    secrets = _secrets(subject)
    settings = subject.settings
    shown = {"repr()": repr(settings), "str()": str(settings)}
    shown |= {
        f"the JSON of its field `{name}`": settings.model_dump_json(include={name})
        for name in type(settings).model_fields
    }
    _expect_hidden(shown, secrets, "the config's repr and JSON")


@check(
    rule="The contract, secrets: a key never comes from an error",
    trap="the message has the request's headers or URL, or a body that repeats the key",
)
async def an_error_does_not_show_them(subject: Subject) -> None:
    secrets = _secrets(subject)
    scene = subject.scenarios.fail("authentication_error", "The key is not valid.")
    try:
        await subject.ask(scene)
    except ProviderError as error:
        _expect_hidden(_parts_of(error), secrets, "the error, its fields and its causes")
        return
    raise Unmet("ProviderError", "an answer")


@check(
    rule="The contract, secrets: a key never comes from an event or a record",
    trap="the state that goes with a turn has the request in it",
)
async def events_and_records_do_not_show_them(subject: Subject) -> None:
    secrets = _secrets(subject)
    async with subject.talk(subject.scenarios.answer("Hello.").message) as talk:
        run = talk.run()
        shown: dict[str, str] = {}
        async for event in run.events(check=False):
            shown[f"the event `{event.event}`"] = shown.get(f"the event `{event.event}`", "") + event.to_sse()
        shown["the run's record"] = repr(run.record)
        shown["the thread's messages"] = repr([one async for one in talk.thread.messages()])
    _expect_hidden(shown, secrets, "events, run and messages")


@check(
    rule="The contract, secrets: a key never comes from a log line",
    trap="requests are logged with their headers at the level DEBUG",
)
async def logs_do_not_show_them(subject: Subject) -> None:
    secrets = _secrets(subject)
    told = _Lines()
    root = logging.getLogger()
    before = root.level
    root.addHandler(told)
    root.setLevel(logging.DEBUG)
    try:
        await subject.ask(subject.scenarios.answer("Hello."))
    finally:
        root.setLevel(before)
        root.removeHandler(told)
    _expect_hidden(told.by_logger, secrets, "the log")


class _Lines(logging.Handler):
    """Keeps what is logged."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.by_logger: dict[str, str] = {}

    def emit(self, record: logging.LogRecord) -> None:
        where = f"a line of the logger `{record.name}` at {record.levelname}"
        self.by_logger[where] = f"{self.by_logger.get(where, '')}{record.getMessage()}\n"


def _secrets(subject: Subject) -> Sequence[str]:
    if not subject.secrets:
        raise NotApplicable("no secret is known: no setting has one by default, and `secrets` names none")
    return subject.secrets


def _parts_of(error: BaseException) -> Mapping[str, str]:
    """An error's text and fields, those of whatever it was raised from, and its traceback."""
    parts: dict[str, str] = {}
    name, one, seen = "the error", error, set[int]()
    while id(one) not in seen:
        seen.add(id(one))
        parts[f"the text of {name}, {type(one).__name__}"] = f"{one!r} {one}"
        parts |= {f"`{field}` of {name}, {type(one).__name__}": repr(value) for field, value in vars(one).items()}
        one, name = one.__cause__ or one.__context__ or one, f"the cause of {name}"
    return {**parts, "the traceback": "".join(traceback.format_exception(error))}


def _expect_hidden(shown: Mapping[str, str], secrets: Sequence[str], what: str) -> None:
    """Go on where no secret is shown; else it says where each is, and never what it is."""
    for at, secret in enumerate(secrets, 1):
        where = next((place for place, text in shown.items() if secret in text), None)
        expect(where is None, f"{what} without secrets", f"secret number {at} in {where}")
