"""The real embedded model, shared by the tests of a module; both event loops."""

from collections.abc import AsyncGenerator

import pytest
from anyassistant_local import LocalModel


@pytest.fixture(scope="module", params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
async def model(anyio_backend: str) -> AsyncGenerator[LocalModel, None]:
    local = LocalModel()
    yield local
    await local.aclose()
