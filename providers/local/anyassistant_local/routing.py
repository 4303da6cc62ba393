"""Which tool a user's message asks for, by a noisy channel.

A model of 135 million parameters cannot choose by writing a call: forced to JSON it takes the first tool, whatever was
said. But it knows how people talk. So for each tool it is asked how likely the message is from somebody who wants what
the tool does, and the tool that explains the message best wins, small talk among the candidates.

Source: S. Min, M. Lewis, H. Hajishirzi, L. Zettlemoyer, "Noisy Channel Language Model Prompting for Few-Shot Text
Classification" (2022). The clipping, the penalty and the bonus are ours; what they gave is in docs/local.md.
"""

import re
from collections.abc import Sequence
from statistics import median_high

from anyassistant.types import ToolSpec

from .candidates import find_missing_id, list_id_kinds, uses_what_was_said
from .engine import Engine
from .names import separate_humps
from .scoring import score_tokens
from .transcript import Transcript

DEMONSTRATIONS = (
    ("order a pizza", "I'd like a large margherita, please."),
    ("get the list of open invoices", "Which customers have not paid yet?"),
    ("say hello", "Hi there."),
    ("rename a photo", "Call it beach.jpg instead."),
    ("ask a general knowledge question", "How far away is the moon?"),
    ("translate a text into another language", 'How do you say "good night" in Spanish?'),
    ("pay a bill", "Settle the invoice from the electrician, number 88."),
    ("say thanks or goodbye", "Perfect, see you."),
    ("show the members of a team", "Who works with Julia?"),
    ("chat", "I had a long day."),
)
"""What people want and how they say it. Ten are better than five, and cost nothing: their state is kept."""

KNOWLEDGE = "ask a general knowledge question"
SMALL_TALK = ("chat", "say thanks or goodbye", "say hello", KNOWLEDGE)
"""What people want when they want no tool."""

CLIP = 0.5
"""How much one word can speak against a candidate, in nats, compared with the median candidate.

A word that a candidate explains well is evidence; one that it explains badly is mostly noise of a small model.
"""

MISSING_ID_PENALTY = 3.0
"""What it costs a tool to need an id that the conversation has nowhere, in nats: it is twenty times less likely."""

USED_WORD_BONUS = 2.0
"""What it brings a tool to take an id, a path or an address that the user has just said, in nats."""

SAME_VERB_BONUS = 1.5
"""What it brings a tool whose description begins with a verb that the user uses, in nats."""

PERSONAL_PENALTY = 2.0
"""What it costs general knowledge that the user speaks of themselves, in nats: nobody's general knowledge is that."""

EMPTY_VERBS = frozenset({"get", "give", "do", "make", "have", "use", "show", "tell"})
"""Verbs that people use whatever they want."""

MAX_TOKENS = 48
"""Of a longer message its beginning and its end are read."""


async def choose_tool(
    engine: Engine, transcript: Transcript, tools: Sequence[ToolSpec], *, must_call: bool = False
) -> ToolSpec | None:
    """The tool that the user's last message asks for; None where it asks for none.

    Args:
        must_call: Never answer None, where there are tools.

    Raises:
        ProviderError: As for every call of an `Engine`.
    """
    if not tools or (must_call and len(tools) == 1):
        return tools[0] if tools else None
    tokens = await engine.tokenize(" " + transcript.question)
    if len(tokens) > MAX_TOKENS:
        tokens = tokens[: MAX_TOKENS // 2] + tokens[-MAX_TOKENS // 2 :]
    context = demonstrate() + transcript.earlier_lines()
    wishes = [*map(describe_wish, tools), *SMALL_TALK]
    logprobs = [await score_tokens(engine, context + ask_for(wish), tokens) for wish in wishes]
    kinds = list_id_kinds(tools)
    priors = [_prior_of_tool(transcript, tool, kinds) for tool in tools]
    priors += [_prior_of_small_talk(transcript, wish) for wish in SMALL_TALK]
    totals = [prior + total for prior, total in zip(priors, weigh_evidence(logprobs), strict=True)]
    eligible = totals[: len(tools)] if must_call else totals
    winner = max(range(len(eligible)), key=eligible.__getitem__)
    return tools[winner] if winner < len(tools) else None


def weigh_evidence(logprobs: Sequence[Sequence[float]]) -> list[float]:
    """How much better than the median each candidate explains the message, in nats.

    Args:
        logprobs: A row for each candidate, a column for each token of the message.
    """
    middle = [median_high(column) for column in zip(*logprobs, strict=True)]
    return [sum(max(-CLIP, own - other) for own, other in zip(row, middle, strict=True)) for row in logprobs]


def demonstrate() -> str:
    """The demonstrations as text."""
    return "".join(f"{ask_for(wish)} {message}\n\n" for wish, message in DEMONSTRATIONS)


def ask_for(wish: str) -> str:
    """The lines after which the user's message is expected."""
    return f"The user wants to {wish}.\nUser:"


def describe_wish(tool: ToolSpec) -> str:
    """What a tool does, as the end of a sentence that begins with "The user wants to"."""
    first_clause = re.split(r"[.;\n]", tool.description.strip(), maxsplit=1)[0].strip()
    wish = first_clause or re.sub(r"[_-]+", " ", separate_humps(tool.name)).strip()
    return wish[:1].lower() + wish[1:]


def _prior_of_tool(transcript: Transcript, tool: ToolSpec, kinds: set[str]) -> float:
    if find_missing_id(transcript, tool, kinds=kinds) is not None:
        return -MISSING_ID_PENALTY
    bonus = USED_WORD_BONUS if uses_what_was_said(transcript, tool, kinds=kinds) else 0.0
    verb = describe_wish(tool).split(" ")[0].lower()
    return bonus + (SAME_VERB_BONUS if verb in _words_said(transcript) and verb not in EMPTY_VERBS else 0.0)


def _prior_of_small_talk(transcript: Transcript, wish: str) -> float:
    is_personal = not _FIRST_PERSON.isdisjoint(_words_said(transcript))
    return -PERSONAL_PENALTY if wish == KNOWLEDGE and is_personal else 0.0


def _words_said(transcript: Transcript) -> set[str]:
    return set(re.findall(r"[a-z]+", transcript.question.lower()))


_FIRST_PERSON = frozenset({"i", "me", "my", "mine", "we", "our", "us"})
