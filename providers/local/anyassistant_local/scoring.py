"""How likely a text is as the continuation of another.

llama.cpp returns no log-probabilities of a prompt. They are had by forcing the text as if it were generated: a grammar
of token ids leaves one choice at each step, and `n_probs` reports the probability that the choice had before the
grammar was applied. (A grammar of string literals would drift into single characters and ruin the scores.)
"""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from .engine import Engine
from .json_values import as_array, as_object

NEVER = float("-inf")
"""The log-probability of what cannot be."""


@dataclass(frozen=True, slots=True)
class ForcedToken:
    """One token of a forced text.

    Attributes:
        text: The token's own text.
        logprob: Its log-probability, natural (nats).
        alternatives: The likeliest tokens in its place and their log-probabilities, itself included.
    """

    text: str
    logprob: float
    alternatives: Sequence[tuple[str, float]]


async def force(
    engine: Engine, prompt: str, tokens: Sequence[int], *, alternatives: int = 1
) -> AsyncGenerator[ForcedToken, None]:
    """Forces tokens after a prompt and yields each with its log-probability. Closing it stops the computation."""
    body = {
        "prompt": prompt,
        "n_predict": len(tokens),
        "temperature": 0,
        "n_probs": alternatives,
        "grammar": "root ::= " + " ".join(f"<[{token}]>" for token in tokens),
    }
    count = 0
    async with aclosing(engine.complete(body)) as events:
        async for event in events:
            for entry in map(as_object, as_array(event.get("completion_probabilities"))):
                if count == len(tokens):  # the end token, which the grammar asks for when it is through
                    return
                count += 1
                likeliest = [_read_entry(as_object(other)) for other in as_array(entry.get("top_logprobs"))]
                yield ForcedToken(*_read_entry(entry), alternatives=likeliest)


def _read_entry(entry: Mapping[str, object]) -> tuple[str, float]:
    token, logprob = entry["token"], entry["logprob"]
    assert isinstance(token, str)
    assert isinstance(logprob, int | float)
    return token, float(logprob)


async def score_tokens(engine: Engine, prompt: str, tokens: Sequence[int]) -> list[float]:
    """The log-probability of each token after the prompt, natural."""
    async with aclosing(force(engine, prompt, tokens)) as forced:
        return [token.logprob async for token in forced]


async def score(engine: Engine, prompt: str, tokens: Sequence[int], *, floor: float = NEVER) -> float:
    """The log-probability of the tokens after the prompt, natural; `NEVER` as soon as it is sure to be below `floor`.

    Each token can only lower the sum, so what has fallen behind the best rival need not be computed to its end.
    """
    total = 0.0
    async with aclosing(force(engine, prompt, tokens)) as forced:
        async for token in forced:
            total += token.logprob
            if total < floor:
                return NEVER
    return total
