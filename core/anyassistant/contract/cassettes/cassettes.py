"""Scenarios whose service is recorded once, and replayed from then on."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from os import PathLike
from pathlib import Path

import anyio

from ...protocols import ModelRequest
from ...pytest_plugin import RECORD_FLAG, RECORD_VARIABLE
from ..live_scenarios import LiveScenarios
from ..scenarios import Scenarios, Scene, ScriptedCall
from ..verdicts import NotApplicable, Overdue
from .editing import edit
from .errors import NotRecorded
from .file import path_of, read_cassette, write_cassette
from .recording import Recorder
from .replaying import Player
from .seam import intercepting
from .secrets import Secrets

RECORD_COMMAND = f"pytest {RECORD_FLAG}"


class Cassettes(Scenarios):
    """Drives a live service while its answers are recorded, and needs neither it, a key nor a network afterwards.

    A cassette is a file of JSON for each check that asks the service. Headers of requests, most of answers', and all
    secrets are left out. A check without a cassette that asks the service all the same is not applicable; one that
    asks for something that is not recorded fails with `NotRecorded`.

    A check that runs on several event loops is recorded on the first: on the others it is replayed at once.

    Args:
        folder: Where the cassettes are; relative to the working folder.
        scenarios: How the service is brought to do what a check needs; by default in words, `LiveScenarios()`.
        headers: Names of headers of answers that are written, too, as the provider reads them.
    """

    def __init__(
        self, folder: str | PathLike[str], /, *, scenarios: Scenarios | None = None, headers: Sequence[str] = ()
    ) -> None:
        self._folder = Path(folder)
        self._scenarios = scenarios or LiveScenarios()
        self._headers = [name.lower() for name in headers]
        self._recorded_on: dict[str, object] = {}
        for name in Scenarios.__annotations__:
            setattr(self, name, getattr(self._scenarios, name))

    @contextmanager
    def staged(self, check: str, *, secrets: Sequence[str] = ()) -> Iterator[None]:
        file = path_of(self._folder, check)
        with self._scenarios.staged(check, secrets=secrets):
            if self._is_to_be_recorded(check):
                with self._recorded(file, check, Secrets(secrets)):
                    yield
            else:
                with _replayed(file, Secrets(secrets)):
                    yield

    def _is_to_be_recorded(self, check: str) -> bool:
        if os.environ.get(RECORD_VARIABLE, "0") in ("", "0"):
            return False
        loop = _event_loop()
        return self._recorded_on.setdefault(check, loop) is loop

    @contextmanager
    def _recorded(self, file: Path, check: str, secrets: Secrets) -> Iterator[None]:
        recorder = Recorder()

        def write() -> None:
            if (failed := recorder.failed) is not None:
                secrets.learn_from(failed.request.headers, str(failed.request.url), failed.content)
                title = f"{failed.request.method} {secrets.hide_in_url(str(failed.request.url))}"
                fault = secrets.hide(f"{type(failed.fault).__name__}: {failed.fault}".encode()).decode()
                came = f"{title}: {fault}\n{file} stays as it was"
                raise NotRecorded("an answer to be recorded", came, request=title, file=file) from failed.fault
            write_cassette(file, check, edit(recorder.taped, secrets, headers=self._headers))

        try:
            with intercepting(recorder):
                yield
        except Overdue:  # what it would have said is not known
            raise
        except Exception as error:
            # A failure is one when it is replayed, too. Where nothing was asked, as without a key, it says nothing of
            # the service, whose cassette stays.
            if recorder.was_asked or isinstance(error, NotApplicable):
                write()
            raise
        write()

    def answer(self, text: str) -> Scene:
        return self._scenarios.answer(text)

    def long_answer(self, pieces: int) -> Scene:
        return self._scenarios.long_answer(pieces)

    def wait(self, seconds: float) -> Scene:
        return self._scenarios.wait(seconds)

    def stay_busy(self) -> Scene:
        return self._scenarios.stay_busy()

    def call(self, *calls: ScriptedCall) -> Scene:
        return self._scenarios.call(*calls)

    def call_in_rounds(self, *calls: ScriptedCall) -> Scene:
        return self._scenarios.call_in_rounds(*calls)

    def call_unknown(self, call: ScriptedCall) -> Scene:
        return self._scenarios.call_unknown(call)

    def answer_to_outputs(self, outputs: Sequence[str]) -> str | None:
        return self._scenarios.answer_to_outputs(outputs)

    def use_hosted_tool(self) -> Scene:
        return self._scenarios.use_hosted_tool()

    def answer_in_json(self, schema: Mapping[str, object]) -> Scene:
        return self._scenarios.answer_in_json(schema)

    def fail(
        self, code: str, message: str, *, retry_after: float | None = None, request_id: str | None = None
    ) -> Scene:
        return self._scenarios.fail(code, message, retry_after=retry_after, request_id=request_id)

    def refuse(self) -> Scene:
        return self._scenarios.refuse()

    def give_state(self) -> Scene:
        return self._scenarios.give_state()

    def report(self) -> Scene:
        return self._scenarios.report()

    def read_report(self, answer: str) -> Mapping[str, object]:
        return self._scenarios.read_report(answer)

    def received(self) -> Sequence[ModelRequest]:
        return self._scenarios.received()

    def is_answering(self) -> bool:
        return self._scenarios.is_answering()


@contextmanager
def _replayed(file: Path, secrets: Secrets) -> Iterator[None]:
    player = Player(read_cassette(file), file=file, record=RECORD_COMMAND, secrets=secrets)
    try:
        with intercepting(player):
            yield
    except Exception as error:
        if player.missed is not None and player.missed is not error:  # whatever the provider has made of it
            raise player.missed from error
        raise
    if player.missed is not None:
        raise player.missed


def _event_loop() -> object:
    """Which kind of event loop runs here; None where none does."""
    try:
        return anyio.get_cancelled_exc_class()
    except anyio.NoEventLoopError:
        return None
