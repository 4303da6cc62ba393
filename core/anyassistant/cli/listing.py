"""What the commands that list share."""

import sys
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TypeVar

from .advice import name_database

T = TypeVar("T")

SHOWN = 20
"""Items that a person gets without `--limit`; a machine gets all."""


def how_many(limit: int | None, *, json: bool) -> int | None:
    """How many items of a list are shown; None for all."""
    return limit if limit is not None else None if json else SHOWN


def take(items: Iterable[T], limit: int | None, *, json: bool) -> list[T]:
    """The first items of a list; says on standard error where there are more."""
    bound = how_many(limit, json=json)
    taken: list[T] = []
    for item in items:
        if bound is not None and len(taken) >= bound:
            print(f"There are more: --limit {bound * 5}", file=sys.stderr)
            break
        taken.append(item)
    return taken


def say_none(things: str, store: str | None) -> None:
    """Say on standard error that a list is empty, and in which database."""
    print(f"No {things} yet in {name_database(store)}.", file=sys.stderr)


def local_time(epoch: int | None) -> str:
    """A time as people here read it; empty where there is none."""
    return datetime.fromtimestamp(epoch).strftime("%Y-%m-%d %H:%M:%S") if epoch else ""


def pairs(metadata: Mapping[str, str]) -> str:
    """Metadata on one line."""
    return ", ".join(f"{key}={value}" for key, value in metadata.items())
