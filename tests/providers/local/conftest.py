"""The real embedded model, loaded once for all tests; both event loops."""

from collections.abc import AsyncGenerator, Generator

import pytest
from anyassistant_local import Config, LocalModel
from anyassistant_local.engine import Engine
from anyassistant_local.registry import acquire_engine, release_engine
from anyassistant_local.weights import DEFAULT_MODEL, find_weights


@pytest.fixture(scope="module", params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="session")
def engine() -> Generator[Engine, None, None]:
    """The engine that every `LocalModel` of this process finds: it belongs to no event loop."""
    weights = find_weights(DEFAULT_MODEL)
    yield acquire_engine(weights, threads=1, context_tokens=Config().context_tokens)
    release_engine(weights)


@pytest.fixture
async def model(anyio_backend: str, engine: Engine) -> AsyncGenerator[LocalModel, None]:
    local = LocalModel()
    yield local
    await local.aclose()
