"""Each case of the battery, through each lowering and back."""

import json
from typing import Any

import jsonschema
import pytest
from anyassistant_tools.lowering import Target, lower
from case import Case, same
from cases import CASES

TARGETS: list[Target] = ["openai-strict", "anthropic", "gemini", "grammar"]


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("case", [pytest.param(case, id=name) for name, case in CASES.items() if not case.is_lax])
async def test_arguments_survive_the_way_to_a_provider_and_back(case: Case, target: Target) -> None:
    lowered = lower(case.tool.parameters, target)
    sent = lowered.lower_value(json.loads(case.arguments))
    jsonschema.Draft202012Validator.check_schema(lowered.schema)
    jsonschema.Draft202012Validator(standard(lowered.schema)).validate(sent)
    lifted = lowered.lift(json.loads(json.dumps(sent)))
    assert same((await case.tool.call(json.dumps(lifted))).value, case.value)


def standard(schema: object) -> Any:
    """A schema without Gemini's `nullable`, which is not one of JSON Schema's keywords."""
    if isinstance(schema, list):
        return [standard(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    written = {keyword: standard(value) for keyword, value in schema.items() if keyword != "nullable"}
    return {"anyOf": [written, {"type": "null"}]} if schema.get("nullable") is True else written
