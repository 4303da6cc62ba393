"""Secrets are never shown."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Sequence

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
        _expect_hidden(f"{model!r} {model}", secrets, "the provider's repr")


@check(
    rule="The contract, secrets: a key never comes from a repr",
    trap="the key is typed `str` instead of SecretStr, or named by its environment variable",
)
def a_config_does_not_show_them(subject: Subject) -> None:
    secrets = _secrets(subject)
    settings = subject.settings
    _expect_hidden(f"{settings!r} {settings} {settings.model_dump_json()}", secrets, "the config's repr and JSON")


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
        shown = "".join(traceback.format_exception(error)) + repr(error) + repr(vars(error))
        _expect_hidden(shown, secrets, "the error, its fields and its causes")
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
        shown = "".join([one.to_sse() async for one in run.events(check=False)])
        shown += repr(run.record) + repr([one async for one in talk.thread.messages()])
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
    _expect_hidden("\n".join(told.lines), secrets, "the log")


class _Lines(logging.Handler):
    """Keeps what is logged."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


def _secrets(subject: Subject) -> Sequence[str]:
    if not subject.secrets:
        raise NotApplicable("no secret is known: no setting has one by default, and `secrets` names none")
    return subject.secrets


def _expect_hidden(shown: str, secrets: Sequence[str], where: str) -> None:
    found = [at for at, secret in enumerate(secrets, 1) if secret in shown]
    expect(not found, f"{where} without secrets", f"secret number {found} in it" if found else "")
