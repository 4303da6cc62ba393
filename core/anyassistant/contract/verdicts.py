"""How a check ends, other than by passing: something was not as it has to be, or the check does not apply."""

from __future__ import annotations

SHOWN = 600
"""Characters of a value that a report shows."""


class Unmet(AssertionError):
    """What came is not what the contract asks for.

    Attributes:
        expected: What had to come, as the end of "expected ...".
        came: What came instead.
    """

    def __init__(self, expected: str, came: object) -> None:
        self.expected = expected
        self.came = came if isinstance(came, str) else show(came)
        super().__init__(f"expected {expected}; came: {self.came}")


class Overdue(Unmet):
    """The check did not end in time."""


class NotApplicable(Exception):
    """The check asks for what this provider does not claim, or cannot be brought to do; the message says which."""


class Cannot(NotApplicable):
    """A scenario cannot be produced with this backend; the message says why."""


def expect(condition: bool, expected: str, came: object) -> None:
    """Go on where the condition holds.

    Raises:
        Unmet: It does not.
    """
    if not condition:
        raise Unmet(expected, came)


def expect_equal(came: object, wanted: object, what: str) -> None:
    """Go on where both are equal.

    Raises:
        Unmet: They are not; it shows both.
    """
    if came != wanted:
        raise Unmet(f"{what} {show(wanted)}", came if isinstance(came, str) and came else show(came))


def show(value: object) -> str:
    """A value for a report, in bounds."""
    text = repr(value)
    return text if len(text) <= SHOWN else f"{text[: SHOWN // 2]} ... {text[-SHOWN // 2 :]} ({len(text):,} characters)"
