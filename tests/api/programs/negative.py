"""What must not type-check, each line proved by an ignore that both checkers require."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

from anyassistant import AsyncThread, Client, RunContext, Thread, ToolLike, Toolset
from anyassistant.protocols import Capabilities, ChatModel, ModelDelta
from anyassistant.types import Event
from anyassistant_tools import tool
from pydantic import BaseModel


class Tag(BaseModel):
    price: float


def typed_result(thread: Thread) -> None:
    output = thread.run("asst_1", response_format=Tag).result().output
    output.prise  # type: ignore[attr-defined]  # pyright: ignore
    thread.run("asst_1").result().output.price  # type: ignore[attr-defined]  # pyright: ignore
    thread.run("asst_1", on_action="stop")  # type: ignore[call-overload]  # pyright: ignore
    thread.run("asst_1", temprature=0.0)  # type: ignore[call-overload]  # pyright: ignore


def typed_deps(ctx: RunContext[Tag]) -> float:
    return ctx.deps.prise  # type: ignore[attr-defined,no-any-return]  # pyright: ignore


async def twins(thread: AsyncThread) -> None:
    for _ in thread.run("asst_1"):  # type: ignore[attr-defined]  # pyright: ignore
        pass


def narrowed(event: Event) -> None:
    if event.event == "thread.message.delta":
        event.data.status  # type: ignore[attr-defined]  # pyright: ignore


class NoRespond(ChatModel):
    capabilities = Capabilities()


NoRespond()  # type: ignore[abstract]  # pyright: ignore


def iterator_cannot_be_closed(stream: AsyncIterator[ModelDelta], generator: AsyncGenerator[ModelDelta, None]) -> None:
    aclosing(generator)
    aclosing(stream)  # type: ignore[type-var]  # pyright: ignore


def tools_in_a_variable(client: Client) -> None:
    def history() -> list[str]:
        return []

    def order(item_id: str, count: int = 1) -> dict[str, str]:
        return {}

    wire = {"type": "function", "function": {"name": "ping"}}
    annotated: list[ToolLike] = [history, order, wire]
    client.assistants.create(tools=annotated)
    client.assistants.create(tools=[history, order, wire])
    client.assistants.create(tools=[Toolset("shop", [history, order]), wire])
    client.assistants.create(tools=history)  # type: ignore[arg-type]  # pyright: ignore


def decorated() -> None:
    @tool(timeout=5)
    def order(item_id: str) -> str:
        return item_id

    order(5)  # type: ignore[arg-type]  # pyright: ignore
    order("hat").real  # type: ignore[attr-defined]  # pyright: ignore
    tool(timeuot=5)  # type: ignore[call-overload]  # pyright: ignore
    tool("order")  # type: ignore[call-overload]  # pyright: ignore
