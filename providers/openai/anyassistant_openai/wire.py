"""The wire's objects, as far as they are read. What a server leaves out is absent, and what it adds is no harm.

Source: OpenAI Assistants v2 reference; the types in `openai.types.beta`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias, cast

from anyassistant.types import MessageStatus, Role, RunStatus, StepStatus
from anyassistant.types.files import IndexingStatus, VectorStoreStatus
from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError, model_validator

LATEST_SECONDS = 10**11
"""What is more is no time in seconds: Alibaba counts in milliseconds."""


def _to_seconds(value: object) -> object:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return int(value / 1000 if value > LATEST_SECONDS else value)
    return value


Json: TypeAlias = dict[str, Any]
Time: TypeAlias = Annotated[int, BeforeValidator(_to_seconds)]
Metadata: TypeAlias = dict[str, str]
Format: TypeAlias = Json | Literal["auto"] | None


class WirePart(BaseModel):
    """What is read of an object or of a part of one; null is the same as absent."""

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)

    @model_validator(mode="before")
    @classmethod
    def _drop_nulls(cls, value: object) -> object:
        if not isinstance(value, dict):
            return value
        return {name: one for name, one in cast("Json", value).items() if one is not None}


class WireObject(WirePart):
    """What every object has."""

    id: str


class WireAssistant(WireObject):
    created_at: Time = 0
    name: str | None = None
    description: str | None = None
    model: str | None = None
    instructions: str | None = None
    tools: list[Json] = []
    tool_resources: Json | None = None
    metadata: Metadata = {}
    temperature: float | None = None
    top_p: float | None = None
    response_format: Format = None


class WireThread(WireObject):
    created_at: Time = 0
    metadata: Metadata = {}
    tool_resources: Json | None = None


class WireMessage(WireObject):
    thread_id: str = ""
    created_at: Time = 0
    role: Role
    status: MessageStatus = "completed"
    incomplete_details: Json | None = None
    content: list[Json] = []
    assistant_id: str | None = None
    run_id: str | None = None
    completed_at: Time | None = None
    incomplete_at: Time | None = None
    attachments: list[Json] = []
    metadata: Metadata = {}


class WireUsage(WirePart):
    prompt_tokens: int = 0
    completion_tokens: int = 0


class WireError(WirePart):
    code: str = "server_error"
    message: str = ""


class WireFunction(WirePart):
    name: str
    arguments: str = ""


class WireCall(WireObject):
    function: WireFunction


class WireOutputs(WirePart):
    tool_calls: list[WireCall]


class WireAction(WirePart):
    submit_tool_outputs: WireOutputs


class WireRun(WireObject):
    thread_id: str
    assistant_id: str | None = None
    status: RunStatus
    required_action: WireAction | None = None
    last_error: WireError | None = None
    incomplete_details: Json | None = None
    created_at: Time = 0
    expires_at: Time | None = None
    started_at: Time | None = None
    cancelled_at: Time | None = None
    failed_at: Time | None = None
    completed_at: Time | None = None
    model: str | None = None
    instructions: str | None = None
    tools: list[Json] = []
    metadata: Metadata = {}
    usage: WireUsage | None = None
    temperature: float | None = None
    top_p: float | None = None
    max_prompt_tokens: int | None = None
    max_completion_tokens: int | None = None
    truncation_strategy: Json | None = None
    tool_choice: str | Json | None = None
    parallel_tool_calls: bool = True
    response_format: Format = None
    reasoning_effort: str | None = None


class WireMessageCreation(WirePart):
    message_id: str


class WireStepDetails(WirePart):
    message_creation: WireMessageCreation | None = None
    tool_calls: list[Json] = []


class WireStep(WireObject):
    run_id: str = ""
    thread_id: str = ""
    assistant_id: str | None = None
    type: str
    status: StepStatus
    step_details: WireStepDetails
    created_at: Time = 0
    completed_at: Time | None = None
    failed_at: Time | None = None
    cancelled_at: Time | None = None
    expired_at: Time | None = None
    last_error: WireError | None = None
    usage: WireUsage | None = None
    metadata: Metadata = {}


class WireFile(WireObject):
    filename: str = ""
    bytes: int = 0
    purpose: str = ""
    created_at: Time = 0
    expires_at: Time | None = None


class WireFileCounts(WirePart):
    in_progress: int = 0
    completed: int = 0
    failed: int = 0
    cancelled: int = 0
    total: int = 0


class WireVectorStore(WireObject):
    name: str = ""
    status: VectorStoreStatus = "completed"
    file_counts: WireFileCounts = WireFileCounts()
    usage_bytes: int = 0
    created_at: Time = 0
    last_active_at: Time | None = None
    expires_at: Time | None = None
    metadata: Metadata = {}


class WireVectorStoreFile(WireObject):
    vector_store_id: str = ""
    status: IndexingStatus = "completed"
    last_error: WireError | None = None
    usage_bytes: int = 0
    created_at: Time = 0


class WireList(WirePart):
    """A page of objects, not read yet."""

    data: list[Json]
    has_more: bool = False


def problems_of(error: ValidationError) -> str:
    """What is wrong with an object, without what it holds."""
    problems = error.errors(include_url=False, include_input=False, include_context=False)
    return "; ".join(f"{'.'.join(map(str, one['loc'])) or 'the object'}: {one['msg']}" for one in problems)
