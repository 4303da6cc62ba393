"""A mutant: a provider that is wrong in one point, and the check that has to notice."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from anyassistant.contract import Patience
from anyassistant.contract.subject import Announced, Subject
from anyassistant.hosting import Store
from anyassistant.protocols import ChatModel, ModelDelta, ModelRequest
from reference_model import KEY, Reference, ReferenceScenarios

Deltas: TypeAlias = AsyncGenerator[ModelDelta, None]
Change: TypeAlias = Callable[[ModelRequest, Deltas], Deltas]

QUICK = Patience(check=4.0, prompt=0.3)


@dataclass(frozen=True)
class Mutant:
    """A provider that is wrong in one point.

    Attributes:
        check: The check that is meant, as `group: name`.
        what: What is wrong.
        make_store: Makes the stores of its clients, which may be what is wrong.
        patches: Functions of ours that are wrong, by their full names.
    """

    check: str
    what: str
    create: Callable[[], object]
    announced: Announced | str = "the mutants are no plugins"
    loops: Sequence[str] = ("asyncio",)
    make_store: Callable[[], Store | str] = field(default=lambda: ":memory:")
    patience: Patience = QUICK
    patches: Mapping[str, object] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return f"{self.check}, {self.what}"

    @property
    def subject(self) -> Subject:
        return Subject(
            self.create,
            name="mutant",
            scenarios=ReferenceScenarios(),
            model="reference-1",
            announced=self.announced,
            secrets=[KEY],
            patience=self.patience,
            make_store=self.make_store,
        )


def asked(check: str, what: str, change: Callable[[ModelRequest], ModelRequest]) -> Mutant:
    """A model that gets another request than it was asked."""

    class Wrong(Reference):
        def asked(self, request: ModelRequest) -> ModelRequest:
            return change(request)

    return Mutant(check, what, Wrong)


def said(check: str, what: str, change: Change) -> Mutant:
    """A model that gives other deltas than it should."""

    class Wrong(Reference):
        def said(self, request: ModelRequest, deltas: Deltas) -> Deltas:
            return change(request, deltas)

    return Mutant(check, what, Wrong)


def each(change: Callable[[ModelDelta], ModelDelta]) -> Change:
    """Change each delta."""

    async def changed(request: ModelRequest, deltas: Deltas) -> Deltas:
        async for delta in deltas:
            yield change(delta)

    return changed


def whole(change: Callable[[ModelRequest, list[ModelDelta]], Sequence[ModelDelta]]) -> Change:
    """Change all deltas of an answer at once."""

    async def changed(request: ModelRequest, deltas: Deltas) -> Deltas:
        for delta in change(request, [delta async for delta in deltas]):
            yield delta

    return changed


def made(check: str, kind: type[ChatModel], *loops: str) -> Mutant:
    """A class of its own, whose docstring says what is wrong."""
    return Mutant(check, (kind.__doc__ or "").strip().rstrip("."), kind, loops=loops or ("asyncio",))
