"""Pages and what is asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, Literal, TypeAlias

from typing_extensions import TypeVar

from .runs import RunStatus

T_co = TypeVar("T_co", covariant=True)
Order: TypeAlias = Literal["asc", "desc"]


@dataclass(frozen=True, slots=True)
class Page(Generic[T_co]):
    """One page of a list.

    Attributes:
        data: The items, in the order asked for.
        has_more: Whether further items follow in that order.
    """

    data: Sequence[T_co]
    has_more: bool = False


@dataclass(frozen=True, slots=True)
class PageQuery:
    """Which page of a list.

    Attributes:
        limit: Items a page, 1 to 100.
        order: By creation: `desc` gives the newest first.
        after: The id of the item after which the page begins, in the order asked for.
        before: The id of the item before which the page ends, in the order asked for.
        run_id: Only messages of this run.
        status: Only runs of this status.
        metadata: Only objects which carry all of these pairs.

    Source: OpenAI Assistants v2 reference, list endpoints.
    """

    limit: int = 20
    order: Order = "desc"
    after: str | None = None
    before: str | None = None
    run_id: str | None = None
    status: RunStatus | None = None
    metadata: Mapping[str, str] | None = None
