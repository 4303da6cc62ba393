"""The wire's objects, as the JSON module and pydantic take them."""

from __future__ import annotations

from typing import TypeAlias

Wire: TypeAlias = dict[str, object]
"""One JSON object of the Assistants wire. (Records have a field called `object`, which hides the builtin there.)"""
