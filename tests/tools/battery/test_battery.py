"""Each case of the battery: its schema, the value that arrives, and what is refused."""

import json
import sys
from collections.abc import Iterator

import jsonschema
import pytest
from anyassistant_tools import ToolArgumentsError
from case import Case, same
from cases import CASES

REFUSING = {name: case for name, case in CASES.items() if case.bad}


@pytest.fixture
def case(request: pytest.FixtureRequest) -> Case:
    return CASES[request.param]


@pytest.mark.parametrize("case", CASES, indirect=True)
def test_the_schema_is_exactly_this(case: Case) -> None:
    assert case.tool.parameters == case.schema
    assert list(case.tool.parameters["properties"]) == list(case.properties)  # type: ignore[call-overload]  # in order


@pytest.mark.parametrize("case", CASES, indirect=True)
def test_the_schema_is_valid_and_takes_what_the_tool_takes(case: Case) -> None:
    schema = dict(case.tool.parameters)
    json.dumps(schema, allow_nan=False)
    jsonschema.Draft202012Validator.check_schema(schema)
    if not case.is_lax:
        jsonschema.Draft202012Validator(schema).validate(json.loads(case.arguments))


@pytest.mark.parametrize("case", CASES, indirect=True)
def test_each_default_fits_the_schema_that_it_is_in(case: Case) -> None:
    schema = dict(case.tool.parameters)
    for part in parts_of(schema):
        if "default" in part:
            jsonschema.Draft202012Validator({**part, "$defs": case.definitions}).validate(part["default"])


@pytest.mark.parametrize("case", CASES, indirect=True)
async def test_a_value_arrives_as_the_type_that_is_declared(case: Case) -> None:
    came = (await case.tool.call(case.arguments)).value
    assert same(came, case.value)


@pytest.mark.parametrize("case", REFUSING, indirect=True)
async def test_what_does_not_fit_is_refused_in_words_to_mend_it_by(case: Case) -> None:
    with pytest.raises(ToolArgumentsError) as caught:
        await case.tool.call(case.bad)
    assert case.said in str(caught.value)
    assert " came" in str(caught.value) or ": missing" in str(caught.value)


@pytest.mark.skipif(sys.version_info < (3, 12), reason="`type X = ...` and `def f[T]()` are of Python 3.12")
def test_the_new_syntax_is_among_the_cases() -> None:
    assert "new syntax of Python 3.12" in CASES


def parts_of(schema: object) -> Iterator[dict[str, object]]:
    if isinstance(schema, dict):
        yield schema
        for key, inner in schema.items():
            if key != "default":
                yield from parts_of(inner)
    elif isinstance(schema, list):
        for inner in schema:
            yield from parts_of(inner)
