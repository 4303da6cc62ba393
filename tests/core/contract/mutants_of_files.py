"""Full backends that are wrong in one point of files, vector stores, tools of their own, or a thread made with its run;
and clients that do not refuse what a provider has no place for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from anyassistant import protocols as p
from anyassistant.contract import Patience
from anyassistant.errors import NotFound
from anyassistant.hosting.refusals import refuse_hosted_tools
from anyassistant.types import HostedTool, PageQuery
from memory_files import MemoryFiles, MemoryVectorStores
from mutant import Mutant
from mutants_of_backends import (
    Methods,
    after,
    before,
    field,
    idle,
    instead,
    no_error,
    page,
    params,
    query,
    without,
    wrong,
)
from mutants_of_hosts import nothing
from reference_backend import WireBackend
from reference_model import Reference

SOON = Patience(check=1.0, prompt=0.3)
PIECE = 65_536


def files(check: str, what: str, methods: Methods) -> Mutant:
    return wrong(f"files: {check}", what, provider={"files_type": type("WrongFiles", (MemoryFiles,), methods)})


def stores(check: str, what: str, methods: Methods) -> Mutant:
    kind = type("WrongVectorStores", (MemoryVectorStores,), methods)
    return wrong(f"vector stores: {check}", what, provider={"vector_stores_type": kind}, patience=SOON)


def unclaimed(check: str, what: str, **patches: object) -> Mutant:
    """A right model under a client that does not refuse; `__` in a name stands for a dot."""
    names = {f"anyassistant.{name.replace('__', '.')}": value for name, value in patches.items()}
    return Mutant(check, what, Reference, patience=SOON, patches=names)


def changed(**fields: Any) -> Callable[[Any], Any]:
    return lambda given: replace(given, **fields)


async def first_piece(self: Any, wanted: p.FileParams, /) -> Any:
    content = wanted.content if isinstance(wanted.content, bytes) else wanted.content.read_bytes()[:PIECE]
    return await MemoryFiles.upload(self, replace(wanted, content=content))


async def any_purpose(self: Any, wanted: Any, /, *, purpose: str | None = None) -> Any:
    return await MemoryFiles.list(self, wanted)


async def own_record(self: Any, vector_store_id: str, file_id: str, /) -> Any:
    await MemoryVectorStores.add_file(self, vector_store_id, file_id)
    return await MemoryFiles(self._archive).get(file_id)


async def removed_altogether(self: Any, vector_store_id: str, file_id: str, /) -> None:
    await MemoryFiles(self._archive).delete(file_id)
    await MemoryVectorStores.remove_file(self, vector_store_id, file_id)


async def deleted_with_its_files(self: Any, vector_store_id: str, /) -> None:
    for one in (await self.list_files(vector_store_id, PageQuery())).data:
        await MemoryFiles(self._archive).delete(one.id)
    await MemoryVectorStores.delete(self, vector_store_id)


async def params_of_any_file(file: Any, filename: str | None, purpose: str) -> p.FileParams:
    content = file if isinstance(file, bytes) else b"?"
    return p.FileParams(content, len(content), filename or file.name, purpose)


def gives_nothing(self: object) -> None:
    return None


FILES = [
    files("an uploaded file is found by its id", "without its name", after("get", changed(filename=""))),
    files("the content of a file comes back", "as text", after("content", lambda it: it.decode(errors="replace"))),
    files("a path is uploaded whole", "its first piece alone", {"upload": first_piece}),
    files("files are listed page by page", "each page is the last", after("list", page(has_more=False))),
    files("files are listed by their purpose", "it is dropped", {"list": any_purpose}),
    files("a deleted file is gone", "it stays", {"delete": idle}),
    files("an unknown file is not found", "a deletion passes", without("delete", NotFound)),
    wrong(
        "files: what cannot be uploaded is not sent",
        "it is sent",
        patches={"anyassistant.client.files._file_params": params_of_any_file},
    ),
    unclaimed("files: unclaimed files are refused", "None", protocols__Provider__files=gives_nothing),
]
VECTOR_STORES = [
    stores("a vector store indexes its files", "it never ends", after("get", changed(status="in_progress"))),
    stores("vector stores are listed page by page", "one order", query("list", order="asc")),
    stores("a file is added to a vector store", "the file's own record", {"add_file": own_record}),
    stores("a file that is removed from a vector store stays", "it is deleted", {"remove_file": removed_altogether}),
    stores("a deleted vector store is gone", "with its files", {"delete": deleted_with_its_files}),
    stores("an unknown vector store is not found", "another error", instead("get", NotFound, no_error)),
    unclaimed(
        "vector stores: unclaimed vector stores are refused", "None", protocols__Provider__vector_stores=gives_nothing
    ),
]


def updates(change: Callable[[Any, p.AssistantParams], p.AssistantParams]) -> Methods:
    """Assistants that are updated to something else."""

    def with_another(made: Any) -> Any:
        update = made.update
        made.update = lambda wanted: update(change(made, wanted))
        return made

    return after("create_assistant", with_another)


async def update_with_none(self: Any, metadata: Any, /, *, tool_resources: Any = None) -> Any:
    return await super(type(self), self).update(metadata, tool_resources=tool_resources or {})


async def made_with_another(self: Any, thread: Any, run: Any, /, **options: Any) -> Any:
    return await p.Provider.create_thread_and_run(self, thread, replace(run, metadata=thread.metadata), **options)


async def made_without_stream(self: Any, thread: Any, run: Any, /, *, executor: Any, follow: bool) -> Any:
    return await p.Provider.create_thread_and_run(self, thread, run, executor=executor, follow=False)


async def made_and_left(self: Any, thread: Any, run: Any, /, **options: Any) -> Any:
    made = await self.create_thread(thread)
    return made, await made.create_run(run, **options)


def tools_pass(tools: Any, resources: Any, capabilities: Any, provider: str) -> None:
    refuse_hosted_tools((), resources, capabilities, provider)


def resources_pass(tools: Any, resources: Any, capabilities: Any, provider: str) -> None:
    refuse_hosted_tools(tools, None, capabilities, provider)


def without_options(record: Any) -> Any:
    record.record = replace(record.record, hosted_tools=[HostedTool(one.type) for one in record.record.hosted_tools])
    return record


def as_functions(step: Any) -> Any:
    return replace(step, tool_calls=[replace(call, hosted=None) for call in step.tool_calls])


HOSTED_TOOLS = [
    wrong("an assistant keeps its hosted tools", "without options", provider=after("get_assistant", without_options)),
    wrong("an assistant keeps its resources", "none", provider=after("get_assistant", field(tool_resources=None))),
    wrong(
        "an update replaces the hosted tools",
        "they stay",
        provider=updates(lambda made, wanted: replace(wanted, hosted_tools=made.record.hosted_tools)),
    ),
    wrong("a run has its assistants hosted tools", "none", thread=after("get_run", field(hosted_tools=()))),
    wrong(
        "calls of hosted tools are seen in steps",
        "as functions",
        run=after("list_steps", lambda given: replace(given, data=[as_functions(step) for step in given.data])),
    ),
    wrong(
        "a runs hosted tools are instead of the assistants",
        "no tools are taken for none given",
        thread=before("create_run", lambda wanted: replace(wanted, tools=wanted.tools or None)),
    ),
    wrong("a thread keeps its resources", "none", provider=after("get_thread", field(tool_resources=None))),
    wrong(
        "an update of a thread keeps or replaces its resources", "none are some", thread={"update": update_with_none}
    ),
    wrong("the attachments of a message come back", "not found", thread=after("get_message", changed(attachments=()))),
    wrong(
        "the attachments of first messages come back",
        "left out",
        provider=before(
            "create_thread",
            lambda one: replace(one, messages=[replace(said, attachments=()) for said in one.messages]),
        ),
    ),
    unclaimed("unclaimed hosted tools are refused", "left out", hosting__backend__refuse_hosted_tools=tools_pass),
    unclaimed("unclaimed resources are refused", "left out", hosting__backend__refuse_hosted_tools=resources_pass),
    unclaimed("unclaimed attachments are refused", "left out", hosting__backend__refuse_attachments=nothing),
    unclaimed("a run with unclaimed hosted tools is refused", "left out", hosting__thread__refuse_hosted_tools=nothing),
    wrong(
        "a run with unclaimed hosted tools is refused",
        "left to a service that does not know of them",
        base=WireBackend,
        thread=params(hosted_tools=()),
        patches={"anyassistant.remote.thread.refuse_hosted_tools": nothing},
    ),
]
THREADS_WITH_RUNS = [
    wrong(
        "a thread is made with its run",
        "its metadata are the run's",
        provider={"create_thread_and_run": made_with_another},
    ),
    wrong(
        "a run that is made with its thread is followed",
        "no stream is asked for",
        base=WireBackend,
        provider={"create_thread_and_run": made_without_stream},
    ),
    wrong("no thread is left of a run that is refused", "it is", provider={"create_thread_and_run": made_and_left}),
]
MUTANTS = [
    *FILES,
    *VECTOR_STORES,
    *(replace(one, check=f"hosted tools: {one.check}") for one in HOSTED_TOOLS),
    *(replace(one, check=f"backend threads: {one.check}") for one in THREADS_WITH_RUNS),
]
