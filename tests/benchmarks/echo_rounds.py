"""Rounds of tool calls on the `echo` provider."""


def count_down(start: int) -> int:
    return start - 1


def question(rounds: int) -> str:
    """A message upon which `echo` calls `count_down` in so many rounds."""
    return "\nTHEN\n".join(f'CALL count_down {{"start": {start}}}' for start in range(rounds))
