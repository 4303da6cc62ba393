"""Where the weights are looked for, and what is said where they are not."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import anyio
import pytest
from anyassistant.errors import ProviderError
from anyassistant.protocols import ModelRequest, UserMessage
from anyassistant.types import Text
from anyassistant_local import Config, LocalModel, loading, weights
from anyassistant_local.config import count_usable_threads
from anyassistant_local.llama import LlamaOptions, LlamaServer
from anyassistant_local.weights import DEFAULT_MODEL, DEFAULT_WEIGHTS, cached_weights_path, find_weights
from pydantic import ValidationError


@pytest.fixture
def empty_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine without the package of weights, and with an empty cache."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(weights, "user_cache_path", lambda *_, **__: tmp_path)
    monkeypatch.setattr(weights, "DEFAULT_WEIGHTS", replace(DEFAULT_WEIGHTS, module="not_installed"))
    return tmp_path


def test_a_path_is_used_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "other.gguf"
    file.touch()

    assert find_weights(str(file)) == file


def test_the_installed_package_is_found_without_being_imported() -> None:
    assert find_weights(DEFAULT_MODEL).name == DEFAULT_WEIGHTS.file


def test_the_cache_comes_last(empty_machine: Path) -> None:
    cached = cached_weights_path(DEFAULT_WEIGHTS)
    cached.parent.mkdir(parents=True)
    cached.touch()

    assert find_weights(DEFAULT_MODEL) == cached
    assert cached.is_relative_to(empty_machine)


@pytest.mark.parametrize(
    ("model", "code", "says"),
    [
        (DEFAULT_MODEL, "weights_not_found", "anyassistant local fetch"),
        ("/nowhere/model.gguf", "weights_not_found", "/nowhere/model.gguf"),
        ("gpt-9", "model_not_found", "gpt-9"),
    ],
)
def test_what_is_missing_is_named_with_what_to_do(empty_machine: Path, model: str, code: str, says: str) -> None:
    with pytest.raises(ProviderError, match=says) as raised:
        find_weights(model)

    assert raised.value.code == code


@pytest.fixture
def broken_file(tmp_path: Path) -> Path:
    file = tmp_path / "broken.gguf"
    file.write_bytes(b"GGUF, but no more than that")
    return file


@pytest.fixture
async def broken_model() -> AsyncGenerator[LocalModel, None]:
    model = LocalModel(Config())
    yield model
    await model.aclose()


async def test_a_file_that_is_no_model_fails_the_run_and_not_the_process(
    broken_model: LocalModel, broken_file: Path
) -> None:
    request = ModelRequest("run_1", str(broken_file), [UserMessage([Text("Hi.")])])

    for _ in range(2):
        with pytest.raises(ProviderError, match=r"broken\.gguf") as raised:
            async for _delta in broken_model.respond(request):
                pass
        assert raised.value.code == "model_not_loaded"


@pytest.mark.parametrize("error", [RuntimeError("no more threads"), ImportError("libgomp.so.1"), AttributeError("ui")])
async def test_whatever_keeps_the_model_from_loading_fails_everyone_who_waits(
    monkeypatch: pytest.MonkeyPatch, broken_model: LocalModel, broken_file: Path, error: Exception
) -> None:
    def refuse(_options: LlamaOptions) -> LlamaServer:
        raise error

    monkeypatch.setattr(loading, "start_llama_server", refuse)
    request = ModelRequest("run_1", str(broken_file), [UserMessage([Text("Hi.")])])
    failures: list[ProviderError] = []

    async def fail() -> None:
        with pytest.raises(ProviderError) as raised:
            async with aclosing(broken_model.respond(request)) as deltas:
                await anext(deltas)
        failures.append(raised.value)

    with anyio.fail_after(10):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(fail)
            tasks.start_soon(fail)
        await fail()  # who comes later hears the same

    assert [failure.code for failure in failures] == ["model_not_loaded"] * 3
    assert all(f"{type(error).__name__}: {error}" in str(failure) for failure in failures)
    assert all(failure.__cause__ is error for failure in failures)

    monkeypatch.undo()
    await broken_model.aclose()
    with pytest.raises(ProviderError, match="LlamaFailedToLoad"), anyio.fail_after(10):  # closed, it tries again
        await broken_model.capabilities_of(str(broken_file))


def test_a_misspelt_setting_is_refused_without_repeating_its_value() -> None:
    with pytest.raises(ValidationError) as raised:
        Config.model_validate({"modle": "secret"})

    assert "modle" in str(raised.value)
    assert "secret" not in str(raised.value)


def test_one_core_is_left_to_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0, 1, 2, 3}, raising=False)

    assert [count_usable_threads(wanted) for wanted in (1, 3, 16)] == [1, 3, 3]
