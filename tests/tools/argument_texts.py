"""Texts as a model may write them for a tool's arguments: right ones, and right ones gone wrong in every way."""

import json
import random
from collections.abc import Iterator, Sequence

LARGE_EVERY = 200
"""Of so many texts, one is large: long texts are slow to make, and say little more."""

FRAGMENTS = [
    *(
        "{",
        "}",
        "[",
        "]",
        '"',
        ":",
        ",",
        "\\",
        "\\u",
        "\\ud800",
        "\\udfff",
        "\\ud83c\\udfa9",
        "\\u0000",
        "\\u003a",
        "/",
    ),
    *(
        "NaN",
        "-Infinity",
        "Infinity",
        "null",
        "true",
        "false",
        "None",
        "True",
        "undefined",
        "0",
        "-",
        "-0",
        "1e5",
        "1E-9",
    ),
    *(
        "1e400",
        "-1e999",
        "9" * 30,
        "9" * 400,
        "9" * 5_000,
        "0." + "1" * 500,
        "1e99999999999",
        "00",
        "0x1",
        "1_000",
        ".5",
    ),
    *(
        "\ud800",
        "\udc00\ud800",
        "\x00",
        "\x7f",
        "\ufeff",
        "\u2028",
        "é",
        "🎩",
        "\t",
        "\n",
        "//",
        "/* */",
        "```json\n",
        "'",
    ),
    *('{"a": 1, "a": 2}', '""', "[]", "{}", '{"": {}}', '"__proto__"', "<tool_call>", "data: ", '"\\""', '"\\x41"'),
]


def argument_texts(examples: Sequence[object], count: int, seed: str) -> Iterator[str]:
    """Give so many texts, the same ones for the same seed.

    Args:
        examples: Arguments that the tool takes.
        count: How many texts.
        seed: What they are drawn by.
    """
    draw = random.Random(seed)
    for number in range(count):
        is_large = number % LARGE_EVERY == LARGE_EVERY - 1
        value = draw.choice(examples) if draw.random() < 0.7 else _value(draw, _names(examples), depth=4)
        if draw.random() < 0.5:
            value = _changed(draw, value, _names(examples), is_large=is_large)
        text = json.dumps(value, ensure_ascii=draw.random() < 0.5)
        for _ in range(draw.choice([0, 0, 1, 1, 2, 5])):
            text = _mutated(draw, text)
        yield json.dumps(text) if draw.random() < 0.05 else text


def _names(examples: Sequence[object]) -> list[str]:
    """Name every key that is anywhere in the examples."""
    names: dict[str, None] = {}
    waiting = list(examples)
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            names |= dict.fromkeys(value)
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
    return [*names, "other", "", "kind", "a" * 300]


def _value(draw: random.Random, names: list[str], depth: int) -> object:
    kind = draw.randrange(9 if depth else 7)
    match kind:
        case 0:
            return draw.choice([None, True, False, float("nan"), float("inf"), -0.0])
        case 1:
            return draw.choice([0, 1, -1, 2**31, 2**53 + 1, 2**63, 10**40, 10**400, -(10**4299)])
        case 2:
            return draw.choice([0.1, 1e300, 5e-324, 1.0, -2.5])
        case 3 | 4:
            return draw.choice(["", "hat", "5", "red", "RED", "2026-01-02", "{}", '{"item": "hat"}', "NaN", "1e999"])
        case 5:
            return "".join(map(chr, draw.choices(range(0x20, 0xD7FF), k=draw.randrange(30))))
        case 6:
            return draw.choice(["\ud800", "a\x00b", "\udfff\ud800", "💥" * 20, "\\ud800"])
        case 7:
            return [_value(draw, names, depth - 1) for _ in range(draw.randrange(5))]
        case _:
            return {draw.choice(names): _value(draw, names, depth - 1) for _ in range(draw.randrange(6))}


def _changed(draw: random.Random, value: object, names: list[str], *, is_large: bool) -> object:
    """Change one thing in a value: its kind, its size, its depth."""
    match draw.randrange(5):
        case 0 if isinstance(value, dict) and value:
            return {**value, draw.choice(list(value)): _value(draw, names, 2)}
        case 1 if isinstance(value, dict) and value:
            gone = draw.choice(list(value))
            return {name: item for name, item in value.items() if name != gone}
        case 2:
            return _nested(draw, value, draw.choice([5, 50, 150, 190, 199, 201, 400]), names)
        case 3:
            size = draw.choice([20_000, 100_000]) if is_large else draw.choice([10, 100, 1_000])
            filling: object = draw.choice(
                ["x" * size, [1] * size, ["x", None, {}] * (size // 3), "\\" * size, "é" * size]
            )
            return {**value, draw.choice(names): filling} if isinstance(value, dict) else filling
        case _:
            size = 5_000 if is_large else 50
            return {f"{draw.choice(names)}{number}": _value(draw, names, 1) for number in range(size)}


def _nested(draw: random.Random, value: object, levels: int, names: list[str]) -> object:
    name, outer = draw.choice(names), draw.choice(names)
    for _ in range(levels):
        value = [value] if draw.random() < 0.5 else {name: value}
    return {outer: value}


def _mutated(draw: random.Random, text: str) -> str:
    start = draw.randrange(len(text) + 1)
    end = min(len(text), start + draw.choice([1, 1, 2, 5, 20]))
    match draw.randrange(7):
        case 0:
            return text[:start]
        case 1:
            return text[:start] + text[end:]
        case 2:
            return text[:end] + text[start:]
        case 3 | 4:
            return text[:start] + draw.choice(FRAGMENTS) + text[start:]
        case 5:
            return text[:start] + draw.choice(FRAGMENTS) + text[end:]
        case _:
            levels = draw.choice([3, 100, 300, 3_000])
            return text[:start] + "[" * levels + text[start:end] + "]" * draw.choice([levels, 0]) + text[end:]
