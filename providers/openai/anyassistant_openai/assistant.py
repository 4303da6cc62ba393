"""An assistant that the service keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anyassistant import protocols
from anyassistant.protocols import AssistantParams
from anyassistant.types import AssistantRecord

from .bodies import assistant_changes
from .client import AssistantsClient, path_of
from .mapping import assistant_record
from .wire import WireAssistant


class ServiceAssistant(protocols.Assistant):
    """An assistant that the service keeps."""

    def __init__(self, client: AssistantsClient, wire: WireAssistant) -> None:
        self._client = client
        self._path = path_of("assistants", wire.id)
        self.record = assistant_record(wire)

    async def update(self, params: AssistantParams, /) -> AssistantRecord:
        body = assistant_changes(params)
        self.record = assistant_record(await self._client.post(self._path, body, WireAssistant))
        return self.record

    async def delete(self) -> None:
        await self._client.delete(self._path)


if TYPE_CHECKING:
    _assistant: type[protocols.Assistant] = ServiceAssistant
