"""Which tool a user's message asks for, by a noisy channel.

A model of 135 million parameters cannot choose by writing a call: forced to JSON it takes the first tool, whatever was
said. But it knows how people talk. So each tool is asked how likely the message is from somebody who wants what the
tool does, and the one that explains the message best wins, small talk among the candidates.

Source: S. Min, M. Lewis, H. Hajishirzi, L. Zettlemoyer, "Noisy Channel Language Model Prompting for Few-Shot Text
Classification" (2022).
"""

import re
from collections.abc import Sequence

from anyassistant.types import ToolSpec

from .engine import Engine
from .scoring import NEVER, score
from .transcript import Transcript

DEMONSTRATIONS = (
    ("play a song", "Put on something by Miles Davis."),
    ("look up the opening hours of a shop", "When does the bakery on Main Street close?"),
    ("say thanks or goodbye", "Perfect, see you."),
    ("book a table at a restaurant", "We are four people and would like to eat Italian tonight."),
    ("ask a general knowledge question", "How far away is the moon?"),
)
"""What people want and how they say it, none of it about any tool set that the routing was measured on."""

SMALL_TALK = ("chat", "say thanks or goodbye", "say hello", "ask a general knowledge question")
"""What people want when they want no tool."""


async def choose_tool(
    engine: Engine, transcript: Transcript, tools: Sequence[ToolSpec], *, must_call: bool = False
) -> ToolSpec | None:
    """The tool that the user's last message asks for; None where it asks for none.

    Args:
        must_call: Leave small talk out, so that some tool is chosen.
    """
    if not tools:
        return None
    if must_call and len(tools) == 1:
        return tools[0]
    tokens = await engine.tokenize(" " + transcript.question)
    context = demonstrate() + transcript.earlier_lines()
    best, chosen = NEVER, tools[0] if must_call else None
    for wish, tool in list_candidates(tools, must_call=must_call):
        likelihood = await score(engine, context + ask_for(wish), tokens, floor=best)
        if likelihood > best:
            best, chosen = likelihood, tool
    return chosen


def demonstrate() -> str:
    """The demonstrations as text."""
    return "".join(f"{ask_for(wish)} {message}\n" for wish, message in DEMONSTRATIONS)


def ask_for(wish: str) -> str:
    """The lines after which the user's message is expected."""
    return f"The user wants to {wish}.\nUser:"


def list_candidates(tools: Sequence[ToolSpec], *, must_call: bool) -> Sequence[tuple[str, ToolSpec | None]]:
    """What the user may want, each with the tool that does it."""
    wishes: list[tuple[str, ToolSpec | None]] = [(describe_wish(tool), tool) for tool in tools]
    return wishes if must_call else [*wishes, *((wish, None) for wish in SMALL_TALK)]


def describe_wish(tool: ToolSpec) -> str:
    """What a tool does, as the end of a sentence that begins with "The user wants to"."""
    first_clause = re.split(r"[.;\n]", tool.description.strip(), maxsplit=1)[0].strip()
    wish = first_clause or re.sub(r"[_\-]+|(?<=[a-z])(?=[A-Z])", " ", tool.name).strip()
    return wish[:1].lower() + wish[1:]
