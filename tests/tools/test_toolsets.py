"""Toolsets: grouped, filtered, prefixed, renamed, configured, wrapped, opened, and found."""

import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from anyassistant_tools import (
    Tool,
    ToolDefinitionError,
    ToolLike,
    ToolResult,
    Toolset,
    discovery,
    load_toolset,
    toolset_names,
)


def history() -> list[str]:
    """What was bought."""
    return ["hat"]


def order(item_id: str) -> str:
    """Order an item."""
    return f"ordered {item_id}"


SHOP = Toolset("shop", [history, order])


class Late(Toolset):
    """Its tools are known only while it is open, as those of a server."""

    def __init__(self) -> None:
        super().__init__("late", [])
        self.openings = 0
        self.is_open = False

    @property
    def needs_opening(self) -> bool:
        return True

    def open(self) -> AbstractAsyncContextManager[Sequence[Tool]]:
        return self._hold()

    @asynccontextmanager
    async def _hold(self) -> AsyncGenerator[Sequence[Tool], None]:
        self.openings += 1
        self.is_open = True
        yield [Tool.from_callable(history), Tool.from_callable(order)]
        self.is_open = False


def names(toolset: Toolset) -> list[str]:
    return [tool.name for tool in toolset.tools]


def test_it_has_the_tools_of_functions_tools_toolsets_and_wire_dicts() -> None:
    wire = {
        "type": "function",
        "function": {"name": "locate", "description": "Where.", "parameters": {"type": "object"}},
    }
    parts: list[ToolLike] = [SHOP, Tool.from_callable(order, name="buy"), wire]
    toolset = Toolset("all", parts)
    assert names(toolset) == ["history", "order", "buy", "locate"]
    assert not toolset.tools[-1].can_run


def test_filter_prefix_rename_give_another_and_leave_it_as_it_is() -> None:
    assert names(SHOP.filter("order")) == ["order"]
    assert names(SHOP.prefix("shop_")) == ["shop_history", "shop_order"]
    assert names(SHOP.rename({"order": "buy"}).prefix("x_")) == ["x_history", "x_buy"]
    assert names(SHOP) == ["history", "order"]


def test_one_that_was_changed_is_shown_as_a_toolset() -> None:
    assert [repr(one) for one in (SHOP, SHOP.prefix("x_"), Late().prefix("x_"))] == [
        "<Toolset shop>",
        "<Toolset shop>",
        "<Toolset late>",
    ]


async def test_a_renamed_tool_is_called_by_its_new_name_in_its_errors() -> None:
    [tool] = SHOP.filter("order").prefix("shop_").tools
    assert (await tool.call('{"item_id": "sg-1"}')).content == "ordered sg-1"
    with pytest.raises(ValueError, match=r"^shop_order was not called"):
        await tool.call("{}")


def test_configure_changes_the_options_of_all() -> None:
    assert [tool.settings.timeout for tool in SHOP.configure(timeout=3).tools] == [3, 3]
    assert [tool.settings.timeout for tool in SHOP.tools] == [60, 60]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Toolset("shop", [history, history]), "Two tools of toolset 'shop' have the name 'history'"),
        (lambda: Toolset("all", [SHOP, SHOP.filter("order")]), "the name 'order'"),
        (lambda: SHOP.rename({"order": "history"}), "the name 'history'"),
        (lambda: SHOP.filter("ordr"), "no tool 'ordr' .it has: history, order"),
        (lambda: SHOP.rename({"x": "y"}), "no tool 'x'"),
        (lambda: SHOP.prefix("a b "), "use 'a_b_history'"),
        (lambda: Toolset("shop", [5]), "tools.0. of toolset 'shop' is int"),  # type: ignore[list-item]
        (lambda: Toolset("shop", [{"type": "code_interpreter"}]), "is no tool of the wire"),
        (lambda: Toolset("shop", order), "'shop' takes a list of tools, not function: Toolset.'shop', .*"),  # type: ignore[arg-type]
        (lambda: Toolset("shop", SHOP), "takes a list of tools, not Toolset"),  # type: ignore[arg-type]
        (lambda: Toolset("shop", "order"), "takes a list of tools, not str"),  # type: ignore[arg-type]
        (lambda: Toolset("shop", {}), "takes a list of tools, not dict"),
        (lambda: SHOP.configure(name="x"), "takes no `name`, since each tool has its own: see `rename`"),  # type: ignore[call-arg]
        (
            lambda: SHOP.configure(timot=3),  # type: ignore[call-arg]
            r"configure has no option 'timot' \(known: timeout, .*\)\. Did you mean 'timeout'\?$",
        ),
        (lambda: SHOP.wrap(5), "`around` must be an async function .*, not 5"),  # type: ignore[arg-type]
        (lambda: Late().wrap(None), "`around` must be an async function .*, not None"),  # type: ignore[arg-type]
        (lambda: SHOP.configure(timeout=-1), "`timeout` of history must be above 0"),
    ],
)
def test_what_cannot_be_is_refused_when_it_is_made(make: Callable[[], object], message: str) -> None:
    with pytest.raises(ToolDefinitionError, match=message):
        make()


async def test_wrap_runs_around_each_call_the_last_outermost() -> None:
    said: list[str] = []

    def saying(what: str) -> Callable[[Tool, str, Callable[[], Awaitable[ToolResult]]], Awaitable[ToolResult]]:
        async def around(tool: Tool, arguments: str, proceed: Callable[[], Awaitable[ToolResult]]) -> ToolResult:
            said.append(f"{what} {tool.name} {arguments}")
            result = await proceed()
            return ToolResult(f"{what}({result.content})")

        return around

    [tool] = SHOP.filter("history").wrap(saying("inner")).wrap(saying("outer")).tools
    assert (await tool.call("{}")).content == 'outer(inner(["hat"]))'
    assert said == ["outer history {}", "inner history {}"]


async def test_one_that_needs_opening_has_its_tools_while_it_is_open() -> None:
    late = Late()
    changed = Toolset("all", [order, late.filter("history").prefix("late_")])
    assert changed.needs_opening
    with pytest.raises(ToolDefinitionError, match="known only while it is open"):
        _ = changed.tools
    async with changed.open() as tools:
        assert late.is_open
        assert [tool.name for tool in tools] == ["order", "late_history"]
    assert not late.is_open
    async with changed.open(), changed.open():
        pass
    assert late.openings == 3


async def test_its_sources_are_opened_once_for_all_that_is_made_of_them() -> None:
    late = Late()
    changed = Toolset("all", [order, late.filter("history").prefix("a_"), late.filter("history").prefix("b_")])
    assert list(changed.sources) == [late, late]
    async with changed.open() as tools:
        assert [tool.name for tool in tools] == ["order", "a_history", "b_history"]
    assert late.openings == 1
    assert SHOP.sources == []


async def test_a_plain_one_can_be_opened_too() -> None:
    async with SHOP.open() as tools:
        assert [tool.name for tool in tools] == ["history", "order"]


async def test_what_is_wrong_with_one_that_needs_opening_is_told_when_it_is_opened() -> None:
    with pytest.raises(ToolDefinitionError, match="no tool 'ordr'"):
        async with Late().filter("ordr").open():
            pass
    with pytest.raises(ToolDefinitionError, match="Two tools"):
        async with Toolset("all", [order, Late()]).open():
            pass


@pytest.fixture
def shop_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "a_shop_of_tests.py").write_text(
        "from anyassistant_tools import Toolset\n"
        "def order(item_id: str) -> str:\n    return item_id\n"
        "def history() -> list[str]:\n    return []\n"
        "TOOLS = [order, history]\n"
        "SHOP = Toolset('shop', TOOLS)\n"
        "NUMBER = 5\n"
    )
    (tmp_path / "a_broken_shop_of_tests.py").write_text("import nothing_of_the_kind\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "a_shop_of_tests", raising=False)
    return "a_shop_of_tests"


def test_one_is_found_by_module_and_name(shop_module: str) -> None:
    assert names(load_toolset(f"{shop_module}:SHOP")) == ["order", "history"]
    assert names(load_toolset(f"{shop_module}:TOOLS")) == ["order", "history"]
    assert names(load_toolset(f"{shop_module}:order")) == ["order"]


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("a_shop_of_tests:NUMBER", "is int: a tool is a typed function"),
        ("a_shop_of_tests:ORDER", "cannot be imported: AttributeError"),
        ("a_broken_shop_of_tests:TOOLS", "cannot be imported: ModuleNotFoundError.*nothing_of_the_kind"),
    ],
)
def test_what_cannot_be_found_says_why(shop_module: str, reference: str, message: str) -> None:
    with pytest.raises(ToolDefinitionError, match=message):
        load_toolset(reference)


def publish(monkeypatch: pytest.MonkeyPatch, **toolsets: str) -> None:
    entries = [EntryPoint(name.rstrip("_"), value, discovery.GROUP) for name, value in toolsets.items()]
    monkeypatch.setattr("importlib.metadata.entry_points", lambda group: entries if group == discovery.GROUP else [])


def test_one_is_found_by_its_entry_point(shop_module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(monkeypatch, shop=f"{shop_module}:SHOP", broken="a_broken_shop_of_tests:TOOLS")
    assert toolset_names() == ["broken", "shop"]
    assert names(load_toolset("shop")) == ["order", "history"]
    with pytest.raises(ToolDefinitionError, match=r"no toolset 'shp' .installed: broken, shop.*Did you mean 'shop'"):
        load_toolset("shp")


def test_two_of_one_name_are_an_error(shop_module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(monkeypatch, shop=f"{shop_module}:SHOP", shop_=f"{shop_module}:TOOLS")
    with pytest.raises(ToolDefinitionError, match="Several packages have a toolset 'shop'"):
        load_toolset("shop")
