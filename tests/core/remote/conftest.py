"""A service that pauses for outputs, of which clients are made."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest

from .pausing_service import PausingProvider


@pytest.fixture
async def service() -> AsyncGenerator[PausingProvider, None]:
    provider = PausingProvider()
    yield provider
    await provider.aclose()
