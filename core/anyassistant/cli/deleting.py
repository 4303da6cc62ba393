"""What the commands that delete share."""

from typing import Literal

from .clients import open_keeper
from .console import is_attended
from .failures import CommandFailed
from .json_lines import print_json


def delete_stored(
    kind: Literal["assistant", "thread"], item_id: str, question: str, *, yes: bool, json: bool, store: str | None
) -> None:
    """Delete an assistant or a thread, and say so.

    Args:
        question: What is asked before, at a terminal, unless `yes` or `json`.
        json: Say it as the wire does.

    Raises:
        NotFound: There is none.
        CommandFailed: The answer is not yes.
    """
    with open_keeper(store) as client:
        stored = client.assistants if kind == "assistant" else client.threads
        stored.get(item_id)
        _confirm(question, yes=yes or json)
        stored.delete(item_id)
    if json:
        print_json({"id": item_id, "object": f"{kind}.deleted", "deleted": True})
    else:
        print(f"Deleted {item_id}.")


def _confirm(question: str, *, yes: bool) -> None:
    if yes or not is_attended():
        return
    try:
        answer = input(f"{question} [y/N] ")
    except EOFError:
        answer = ""
    if answer.strip().lower() not in ("y", "yes"):
        raise CommandFailed("Nothing was deleted.")
