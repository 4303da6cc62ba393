"""What cannot become a tool, and what its author is told."""

import contextlib
import enum
import io
import sys
import threading
import types
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import pytest
from anyassistant_tools import Tool, ToolDefinitionError
from pydantic import BaseModel, EmailStr, WithJsonSchema
from typing_extensions import TypedDict, Unpack

if TYPE_CHECKING:
    from decimal import Decimal


class HasCallback(BaseModel):
    callback: Callable[[int], int]


@dataclass
class HasThread:
    thread: threading.Thread


def function_of(annotation: object) -> Callable[..., object]:
    def use(first: int, thing):  # type: ignore[no-untyped-def]
        """Use a thing."""

    use.__annotations__ = {"first": int, "thing": annotation}
    return use


@pytest.mark.parametrize(
    ("annotation", "type_name"),
    [
        (Callable, "Callable"),
        (Callable[[int], str], "Callable"),
        (types.ModuleType, "module"),
        (contextlib.AbstractContextManager[int], "AbstractContextManager"),
        (io.StringIO, "StringIO"),
        (threading.Thread, "Thread"),
        (list[threading.Thread], "Thread"),
        (dict[str, threading.Thread | None], "Thread"),
        (type[int], "type"),
        (HasCallback, "HasCallback"),
        (HasThread, "HasThread"),
        (Generator[int, None, None], "Generator"),
        (Generator, "Generator"),
        (Iterator[int], "Iterator"),
        (AsyncIterator[int], "AsyncIterator"),
        (Awaitable[int], "Awaitable"),
        (io.TextIOBase, "TextIOBase"),
        (bytearray, "bytearray"),
        (enum.Enum, "Enum"),
        (BaseModel, "BaseModel"),
        (types.FunctionType, "function"),
        (contextlib.ExitStack, "ExitStack"),
    ],
)
def test_a_type_without_a_json_form_is_refused_when_the_tool_is_made(annotation: object, type_name: str) -> None:
    with pytest.raises(ToolDefinitionError, match=type_name) as caught:
        Tool.from_callable(function_of(annotation))
    assert (caught.value.tool, caught.value.parameter) == ("use", "thing")
    assert "'thing' of use" in str(caught.value)
    assert "make it inside the tool" in str(caught.value)
    assert "errors.pydantic.dev" not in str(caught.value)


def test_a_type_that_needs_a_package_that_is_missing_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "email_validator", None)
    with pytest.raises(ToolDefinitionError, match=r"'thing' of use .*EmailStr \(email-validator is not installed"):
        Tool.from_callable(function_of(EmailStr))


class HasUndefined(BaseModel):
    later: "Undefined"  # type: ignore[name-defined]  # pyright: ignore  # noqa: F821


def test_a_model_with_a_name_that_is_never_defined_is_refused_when_the_schema_is_asked_for() -> None:
    tool = Tool.from_callable(function_of(HasUndefined))
    with pytest.raises(ToolDefinitionError, match=r"'thing' of use .*HasUndefined"):
        _ = tool.parameters


def test_a_type_that_describes_itself_is_taken() -> None:
    thing = Annotated[Any, WithJsonSchema({"type": "string", "format": "thing"})]
    assert Tool.from_callable(function_of(thing)).parameters["properties"] == {
        "first": {"type": "integer"},
        "thing": {"type": "string", "format": "thing"},
    }


def test_a_name_that_exists_only_for_type_checkers_is_refused_when_the_tool_is_made() -> None:
    def pay(amount: "Decimal") -> None: ...

    with pytest.raises(ToolDefinitionError, match=r"'Decimal'.*'amount' of pay.*TYPE_CHECKING") as caught:
        Tool.from_callable(pay)
    assert caught.value.parameter == "amount"


def test_the_keys_of_unpacked_arguments_must_be_known_when_the_tool_is_made() -> None:
    class Options(TypedDict):
        amount: "Decimal"

    def pay(**options: Unpack[Options]) -> None: ...

    def owe(**options: Unpack[int]) -> None: ...  # type: ignore[misc]  # pyright: ignore

    for function in (pay, owe):
        with pytest.raises(
            ToolDefinitionError, match=r"keys of parameter 'options' of .*Unpack takes a TypedDict"
        ) as caught:
            Tool.from_callable(function)
        assert caught.value.parameter == "options"


def test_what_cannot_be_called_is_refused() -> None:
    with pytest.raises(ToolDefinitionError, match="a str is not"):
        Tool.from_callable("order")  # type: ignore[arg-type]
    with pytest.raises(ToolDefinitionError, match="a classmethod is not"):
        Tool.from_callable(classmethod(len))  # type: ignore[arg-type]


def test_a_callable_without_a_signature_is_refused() -> None:
    with pytest.raises(ToolDefinitionError, match=r"dict has no signature.*wrap it"):
        Tool.from_callable(dict)


@pytest.mark.parametrize("timeout", [0, -1.0, float("nan")])
def test_a_time_out_that_no_call_can_keep_is_refused(timeout: float) -> None:
    with pytest.raises(ToolDefinitionError, match="above 0 s"):
        Tool.from_callable(function_of(int), timeout=timeout)


@pytest.mark.parametrize("fatal", ["ValueError", BaseException, (ValueError, 5)])
def test_fatal_names_exception_classes(fatal: object) -> None:
    with pytest.raises(ToolDefinitionError, match="`fatal` of work must be exception classes"):
        Tool.from_callable(lambda: None, name="work", fatal=fatal)  # type: ignore[arg-type]


def test_a_timeout_that_is_no_number_is_refused() -> None:
    with pytest.raises(ToolDefinitionError, match="above 0 s or None, not '5'"):
        Tool.from_callable(lambda: None, name="work", timeout="5")  # type: ignore[arg-type]
