"""The async client and its handles."""

from ..protocols import ResponseFormat
from .assistants import AsyncAssistant, AsyncAssistants
from .client import AsyncClient
from .options import AssistantOptions, RunOptions
from .paginator import AsyncPaginator
from .run import AsyncRun
from .runs import AsyncRuns
from .threads import AsyncThread, AsyncThreads

__all__ = [
    "AsyncClient", "AsyncAssistant", "AsyncAssistants", "AsyncThread", "AsyncThreads", "AsyncRun", "AsyncRuns",
    "AsyncPaginator", "AssistantOptions", "RunOptions", "ResponseFormat",
]  # fmt: skip
