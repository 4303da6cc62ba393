"""When a service says that another attempt makes sense."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime


def read_retry_after(headers: Mapping[str, str], *, now: float | None = None) -> float | None:
    """Seconds that a service asks to wait, by `retry-after-ms`, else by `Retry-After` in seconds or as a date.

    Args:
        headers: With names in lower case.
        now: UTC epoch seconds; by default the clock's.

    Returns:
        At least 0; None where nothing is said, or nothing that can be read.

    Source: RFC 9110, "Retry-After".
    """
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    said = headers.get("retry-after")
    seconds = _number(said)
    if seconds is not None or said is None:
        return seconds
    try:
        at = parsedate_to_datetime(said).timestamp()
    except (ValueError, OverflowError):
        return None
    return max(0.0, at - (time.time() if now is None else now))


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return max(0.0, value) if math.isfinite(value) else None
