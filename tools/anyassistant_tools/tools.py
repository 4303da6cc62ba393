"""A tool: what a model sees of it, and a validated call."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from typing_extensions import Unpack

from anyassistant_tools.around import Around, giving_a_result, nested, refuse_uncallable_around
from anyassistant_tools.body import Body, CallableBody, ModelBody, Plan, SchemaBody
from anyassistant_tools.companions import Companion
from anyassistant_tools.context import RunContext
from anyassistant_tools.decorator import options_of
from anyassistant_tools.errors import ToolArgumentsError, ToolDefinitionError, ToolTimeoutError
from anyassistant_tools.naming import validate_tool_name
from anyassistant_tools.options import CallOptions, Settings, ToolOptions
from anyassistant_tools.results import ToolResult, make_result
from anyassistant_tools.schema_call import SchemaCall
from anyassistant_tools.signature import name_of
from anyassistant_tools.threads import WorkerThreads

if TYPE_CHECKING:
    from pydantic import BaseModel


class Tool:
    """A tool as a model sees it. Made by `from_callable`, `from_schema` or `from_pydantic`.

    Schema and validator are made on first use and kept: its attributes are to be read, not set.

    Attributes:
        name: What a model calls it by.
        description: What a model reads about it.
        parameters: The JSON Schema (draft 2020-12) of the object of its arguments.
        settings: How it is called: its options, all of them.
        can_run: Whether there is anything to call. In a run, calls of one without rest for the caller.
    """

    name: str
    settings: Settings

    def __init__(
        self,
        body: Body,
        /,
        *,
        name: str,
        settings: Settings,
        description: str | None = None,
        around: Around | None = None,
    ) -> None:
        self.name = validate_tool_name(name)
        self.settings = settings
        self._body = body
        self._given_description = description
        self._around = around
        body.check(settings, tool=name)
        approval, reconcile = settings.requires_approval, settings.reconcile
        self._approval = None if isinstance(approval, bool) else self._companion(approval, "requires_approval")
        self._reconcile = None if reconcile is None else self._companion(reconcile, "reconcile")

    @classmethod
    def from_callable(cls, fn: Callable[..., object], /, **options: Unpack[ToolOptions]) -> Tool:
        """Make a tool of a function, method, `partial` or callable object: sync, async or a generator.

        Its type hints become the schema, its docstring the descriptions. What `@tool` said of it holds, and what is
        said here goes before. Each `yield` of a generator is progress, but a `ToolResult`; its result is what it
        returns, else what it yielded last.

        Args:
            fn: The callable. A parameter annotated `RunContext` gets the call's context, and no model sees it.
            options: See `ToolOptions` and `CallOptions`.

        Raises:
            ToolDefinitionError: It cannot become a tool: the message names what is in the way, and a remedy.
        """
        if not callable(fn):
            kind = type(fn).__name__
            raise ToolDefinitionError(f"A tool must be callable, and a {kind} is not.", tool=options.get("name", ""))
        options = {**options_of(fn), **options}
        name = validate_tool_name(options["name"] if "name" in options else name_of(fn))
        settings = Settings().changed(options, tool=name)
        return cls(CallableBody(fn, tool=name), name=name, settings=settings, description=options.get("description"))

    @classmethod
    def from_schema(
        cls,
        name: str,
        description: str,
        parameters: Mapping[str, object],
        *,
        call: SchemaCall | None = None,
        **options: Unpack[CallOptions],
    ) -> Tool:
        """Make a tool of a JSON Schema.

        Args:
            name: What a model calls it by.
            description: What a model reads about it.
            parameters: The JSON Schema of the object of its arguments; draft 2020-12 unless it says another.
            call: What runs it, given the validated arguments and the call's context. Without it the caller does: the
                run rests in `requires_action`.
            options: See `CallOptions`.

        Raises:
            ToolDefinitionError: The name is not legal, the schema is none, or `call` is no async function of the two.
        """
        name = validate_tool_name(name)
        settings = Settings().changed(options, tool=name)
        return cls(SchemaBody(description, parameters, call, tool=name), name=name, settings=settings)

    @classmethod
    def from_pydantic(cls, model: type[BaseModel], /) -> Tool:
        """Make a tool of a pydantic model: its name, its docstring, its fields as the arguments.

        `call` validates the arguments, and its result's `value` is an instance. In a run its calls rest for the caller.

        Raises:
            ToolDefinitionError: It is no model, or has no JSON Schema.
        """
        from pydantic import BaseModel, RootModel

        if not (isinstance(model, type) and issubclass(model, BaseModel)):
            raise ToolDefinitionError(f"from_pydantic takes a pydantic model, and {model!r} is none.")
        if issubclass(model, RootModel):
            raise ToolDefinitionError(
                f"The RootModel {model.__name__} has no fields, which arguments need: make it a field of a model."
            )
        if model.__pydantic_generic_metadata__["args"]:
            raise ToolDefinitionError(
                f"A tool cannot be called {model.__name__!r}: derive a model of its own name from it "
                f"(class Order({model.__name__}): ...)."
            )
        return cls(ModelBody(model, tool=model.__name__), name=model.__name__, settings=Settings())

    def __repr__(self) -> str:
        return f"<Tool {self.name}>"

    @cached_property
    def description(self) -> str:
        """What a model reads about the tool."""
        return self._body.describe() if self._given_description is None else self._given_description

    @cached_property
    def parameters(self) -> Mapping[str, object]:
        """The JSON Schema (draft 2020-12) of the object of arguments."""
        return self._body.parameters(tool=self.name)

    @property
    def can_run(self) -> bool:
        """Whether there is anything to call."""
        return self._body.can_run

    @property
    def takes_context(self) -> bool:
        """Whether its callable has a parameter for the `RunContext`."""
        return self._body.takes_context

    def changed(self, **options: Unpack[ToolOptions]) -> Tool:
        """The same tool with other options; its name and description are among them.

        Raises:
            ToolDefinitionError: An option does not exist, or cannot have that value.
        """
        name = options.get("name", self.name)
        return Tool(
            self._body,
            name=name,
            settings=self.settings.changed(options, tool=name),
            description=options.get("description", self._given_description),
            around=self._around,
        )

    def wrapped(self, around: Around) -> Tool:
        """The same tool, with something done around each call, outside of what is done already.

        Raises:
            ToolDefinitionError: `around` is no function.
        """
        refuse_uncallable_around(around)
        inner = self._around
        outer = giving_a_result(around)
        both = outer if inner is None else nested(outer, inner)
        return Tool(
            self._body, name=self.name, settings=self.settings, description=self._given_description, around=both
        )

    def read(self, arguments: str, /) -> Any:
        """Validate a model's arguments without calling anything.

        Returns:
            The Python values by name; of a tool made of a pydantic model an instance.

        Raises:
            ToolArgumentsError: They do not fit.
        """
        self._refuse_other_than_text(arguments)
        return self._plan.read(arguments)

    async def needs_approval(
        self,
        arguments: str,
        /,
        *,
        context: RunContext[object] | None = None,
        threads: WorkerThreads | None = None,
    ) -> bool:
        """Whether a person has to approve this call before it is made.

        Args:
            threads: Where a sync `requires_approval` function runs, as for `call`.

        Raises:
            ToolArgumentsError: The arguments do not fit: nothing is to be approved.
            ToolTimeoutError: That function took longer than the tool's time-out.
            Exception: Whatever the `requires_approval` function raised.
        """
        values = self.read(arguments)
        if self._approval is None:
            return self.settings.requires_approval is True
        execute = self._approval.execution(self.settings.timeout)
        return bool(await execute(dict(self._body.complete(values, tool=self.name)), context, threads))

    async def reconcile(
        self,
        arguments: str,
        /,
        *,
        context: RunContext[object] | None = None,
        threads: WorkerThreads | None = None,
    ) -> ToolResult:
        """Find out what came of a call that was begun by a process which went away.

        Returns:
            What the call had given; to be told to the model in its place.

        Raises:
            CallHadNoEffect: It did nothing, and can be made now.
            LookupError: The tool has no `reconcile` function.
            Exception: Whatever the `reconcile` function raised: the outcome stays unknown.
        """
        if self._reconcile is None:
            raise LookupError(f"{self.name} has no `reconcile` function")
        values = self._body.complete(self.read(arguments), tool=self.name)
        execute = self._reconcile.execution(self.settings.timeout)
        value = await execute(dict(values), context, threads)
        return make_result(value, tool=self.name, max_content=self.settings.max_content)

    async def call(
        self,
        arguments: str,
        /,
        *,
        context: RunContext[object] | None = None,
        threads: WorkerThreads | None = None,
    ) -> ToolResult:
        """Validate a model's arguments, call the tool, and give its result.

        An async tool is awaited here, under the time-out. A sync tool runs in a worker thread, with the caller's
        context variables; or where `isolate` and `inline` say.

        Args:
            arguments: The JSON text of the arguments, as the model wrote it; empty is `{}`.
            context: What a parameter annotated `RunContext` gets.
            threads: Where a sync tool runs; a few threads of the tool's own unless given.

        Raises:
            ToolArgumentsError: The arguments do not fit; the tool was not called.
            ToolTimeoutError: It took longer than its time-out.
            ToolResultError: What it returned has no JSON form.
            ToolProcessError: With `isolate="process"`: it could not be sent there, or its process ended.
            ToolDefinitionError: It takes a context and got none, or there is nothing here that runs it.
            WorkerThreadsExhausted: Too many calls that overran still run.
            Exception: Whatever the tool itself raised.
        """
        self._refuse_other_than_text(arguments)
        if self._around is None:
            return await self._call(arguments, context, threads)

        def proceed() -> Awaitable[ToolResult]:
            return self._call(arguments, None if context is None else context.for_one_try(), threads)

        try:
            return await self._around(self, arguments, proceed)
        except BaseException as error:
            _tell_who_may_still_run(context, error)
            raise

    async def _call(
        self, arguments: str, context: RunContext[object] | None, threads: WorkerThreads | None
    ) -> ToolResult:
        plan = self._plan
        value = plan.read(arguments)
        try:
            value = await plan.execute(value, context, threads)
        except BaseException as error:
            _tell_who_may_still_run(context, error)
            raise
        return make_result(value, tool=self.name, max_content=self.settings.max_content)

    def _refuse_other_than_text(self, arguments: object) -> None:
        if not isinstance(arguments, str):
            raise ToolArgumentsError(
                f"{self.name} was not called. It takes the JSON text of its arguments, not {type(arguments).__name__}: "
                "make one with json.dumps(...).",
                tool=self.name,
            )

    def _companion(self, fn: Callable[..., object], option: str) -> Companion:
        return Companion(fn, option=option, tool=self.name, known=self._body.arguments)

    @cached_property
    def _plan(self) -> Plan:
        return self._body.plan(self.settings, tool=self.name)


def _tell_who_may_still_run(context: RunContext[object] | None, error: BaseException) -> None:
    """Cancel the token where a call ended by a time-out or a cancel, and not by what the tool itself raised."""
    if context is not None and (isinstance(error, ToolTimeoutError) or not isinstance(error, Exception)):
        context.cancel_token.cancel()
