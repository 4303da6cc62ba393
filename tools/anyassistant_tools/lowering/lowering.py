"""Lowering a canonical schema to what a provider accepts."""

from collections.abc import Mapping, Sequence
from typing import assert_never

from anyassistant_tools.errors import ToolDefinitionError
from anyassistant_tools.lowering.lowered import Conversion, Lowered, Report, Target
from anyassistant_tools.lowering.shapes import Array, Document, Object, Reference, Shape, Union


def lower(schema: Mapping[str, object], target: Target) -> Lowered:
    """Give a tool's schema in the form that a provider accepts, with the way back for the arguments.

    Args:
        schema: The JSON Schema (draft 2020-12) of the object of arguments, as pydantic, a user or an MCP server
            wrote it.
        target: `openai-strict` (functions with `strict: true`), `anthropic` (`input_schema`, not strict), `gemini`
            (`parameters` of a function declaration) or `grammar` (GBNF for llama.cpp).

    Raises:
        ToolDefinitionError: The schema cannot be carried: it is no JSON Schema, a reference in it leads nowhere or
            out of it, or no value can fulfil it. The message names the place and a remedy.
    """
    try:
        return _lower(schema, target)
    except RecursionError as error:
        what = "The schema is nested too deeply, or a part of it contains itself with nothing between: take that out."
        raise ToolDefinitionError(what) from error


def _lower(schema: Mapping[str, object], target: Target) -> Lowered:
    from anyassistant_tools.lowering.reading import read_schema

    report = Report()
    grammar: str | None = None
    conversion: Conversion
    if target == "anthropic":
        from anyassistant_tools.lowering.anthropic import lower_for_anthropic

        document = read_schema(schema, Report())
        lowered, conversion = lower_for_anthropic(schema, report)
    else:
        document = read_schema(schema, report)
        match target:
            case "openai-strict":
                from anyassistant_tools.lowering.openai_strict import lower_for_openai

                lowered, conversion = lower_for_openai(document, report)
            case "gemini":
                from anyassistant_tools.lowering.gemini import lower_for_gemini

                lowered, conversion = lower_for_gemini(document, report)
            case "grammar":
                from anyassistant_tools.lowering.grammar import lower_for_grammar

                lowered, grammar, conversion = lower_for_grammar(document, report)
            case _:
                assert_never(target)
    changes = report.changes
    kept = _kept(document, {change.path for change in changes})
    return Lowered(target, lowered, grammar, changes, kept, conversion)


def _kept(document: Document, changed: set[str]) -> Sequence[str]:
    """Name the properties of the root in which no path was changed, the definitions that they refer to included."""
    if not isinstance(document.root, Object):
        return ()
    kept: list[str] = []
    for name, part in document.root.properties.items():
        paths = _paths(part, document, set())
        within = (*(f"{path}." for path in paths), *(f"{path}[" for path in paths))
        if not any(path in paths or path.startswith(within) for path in changed):
            kept.append(name)
    return tuple(kept)


def _paths(shape: Shape, document: Document, seen: set[str]) -> set[str]:
    parts: list[Shape | None] = []
    match shape:
        case Array():
            parts = [*shape.prefix, shape.items]
        case Object():
            parts = [*shape.properties.values(), shape.extras, shape.keys]
        case Union():
            parts = [*shape.options]
        case Reference() if shape.name not in seen:
            seen.add(shape.name)
            parts = [document.definitions[shape.name]]
    return {shape.path}.union(*(_paths(part, document, seen) for part in parts if part is not None))
