"""Ids: a prefix that says what it is, and 96 random bits."""

from __future__ import annotations

import secrets
from typing import Literal, TypeAlias

Prefix: TypeAlias = Literal["asst", "thread", "msg", "run", "step", "call", "turn"]


def new_id(prefix: Prefix) -> str:
    """A new id, such as `thread_6f1c...`, unique for ever."""
    return f"{prefix}_{secrets.token_hex(12)}"
