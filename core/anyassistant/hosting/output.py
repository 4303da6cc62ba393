"""Whether an answer fits its response format."""

from __future__ import annotations

from collections.abc import Mapping


def problem_with(text: str, schema: Mapping[str, object]) -> str | None:
    """What is wrong with an answer that must be JSON of a schema; None where nothing is.

    Source: JSON Schema, draft 2020-12.
    """
    import jsonschema  # 150 ms
    from pydantic_core import from_json

    try:
        value = from_json(text)
    except ValueError as error:
        return f"it is not JSON ({error})."
    validator = jsonschema.Draft202012Validator(dict(schema))
    problem = next(validator.iter_errors(value), None)
    if problem is None:
        return None
    where = "/".join(str(part) for part in problem.absolute_path) or "the whole"
    return f"{where}: {problem.message[:500]}."
