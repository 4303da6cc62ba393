"""The async client and its handles."""

from ..protocols import ResponseFormat
from .assistants import AsyncAssistant, AsyncAssistants
from .client import AsyncClient
from .files import AsyncFiles
from .options import AssistantOptions, RunOptions
from .paginator import AsyncPaginator
from .run import AsyncRun
from .runs import AsyncRuns
from .threads import AsyncThread, AsyncThreads
from .vector_stores import AsyncVectorStores

__all__ = [
    "AsyncClient", "AsyncAssistant", "AsyncAssistants", "AsyncThread", "AsyncThreads", "AsyncRun", "AsyncRuns",
    "AsyncFiles", "AsyncVectorStores",
    "AsyncPaginator", "AssistantOptions", "RunOptions", "ResponseFormat",
]  # fmt: skip
