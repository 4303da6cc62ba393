"""The model under several users at once: threads, loops, clients, cancels, the end of the process."""

import os
import shutil
import signal
import subprocess
import sys
import textwrap
import threading
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import Literal

import anyio
import anyio.lowlevel
import pytest
from anyassistant.protocols import ModelRequest, UserMessage
from anyassistant.types import Text
from anyassistant_local import LocalModel
from anyassistant_local.weights import DEFAULT_MODEL, find_weights

LONG = "Tell me a very long story about a dragon."


def ask(text: str, tokens: int) -> ModelRequest:
    return ModelRequest(
        "run_1", DEFAULT_MODEL, [UserMessage([Text(text)])], temperature=0, max_completion_tokens=tokens
    )


async def answer(model: LocalModel, request: ModelRequest) -> str:
    async with aclosing(model.respond(request)) as deltas:
        return "".join([delta.text async for delta in deltas])


async def test_the_event_loop_goes_on_while_the_model_computes(model: LocalModel) -> None:
    await answer(model, ask("Hi.", 1))
    counts: list[int] = []
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            ticks += 1
            await anyio.lowlevel.checkpoint()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(tick)
        async with aclosing(model.respond(ask("Once upon a time " * 30, 15))) as deltas:
            async for _ in deltas:
                counts.append(ticks)
        tasks.cancel_scope.cancel()

    assert counts[0] > 100  # while the prompt was read
    assert len(set(counts)) > 10  # and between the tokens


async def test_a_cancel_in_the_middle_of_an_answer_frees_the_model(model: LocalModel) -> None:
    received = 0
    with anyio.CancelScope() as scope:
        async with aclosing(model.respond(ask(LONG, 3000))) as deltas:
            async for delta in deltas:
                received += bool(delta.text)
                if received == 5:
                    scope.cancel()

    assert scope.cancelled_caught
    assert received == 5
    assert await answer(model, ask("Hi.", 5))


async def test_closing_the_answer_frees_the_model(model: LocalModel) -> None:
    async with aclosing(model.respond(ask(LONG, 3000))) as deltas:
        async for delta in deltas:
            if delta.text:
                break

    assert await answer(model, ask("Hi.", 5))


async def test_a_cancel_while_the_prompt_is_read_frees_the_model(model: LocalModel) -> None:
    with anyio.move_on_after(0.3) as scope:
        await answer(model, ask("What is it? " * 600, 3000))

    assert scope.cancelled_caught
    assert await answer(model, ask("Hi.", 5))


async def test_a_cancel_in_the_queue_disturbs_nobody(model: LocalModel) -> None:
    answers: list[str] = []

    async def listen() -> None:
        answers.append(await answer(model, ask(LONG, 60)))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(listen)
        await anyio.sleep(0.05)
        with anyio.move_on_after(0.05) as waiting:
            await answer(model, ask("Hi.", 5))
        assert waiting.cancelled_caught

    assert answers == [await answer(model, ask(LONG, 60))]


async def test_threads_loops_and_clients_share_one_model(model: LocalModel) -> None:
    expected = await answer(model, ask("Name a colour.", 10))
    answers: list[str] = []

    async def use_another_client() -> None:
        other = LocalModel()
        for _ in range(3):
            answers.append(await answer(other, ask("Name a colour.", 10)))
        await other.aclose()

    def run(backend: Literal["asyncio", "trio"]) -> None:
        anyio.run(use_another_client, backend=backend)

    threads = [threading.Thread(target=run, args=(backend,)) for backend in ("asyncio", "trio", "trio")]
    for thread in threads:
        thread.start()
    answers += [await answer(model, ask("Name a colour.", 10)) for _ in range(3)]
    while any(thread.is_alive() for thread in threads):  # noqa: ASYNC110  # a thread tells no loop
        await anyio.sleep(0.01)

    assert answers == [expected] * 12
    assert await answer(model, ask("Name a colour.", 10)) == expected  # nobody unloaded it


async def test_a_closed_model_loads_again_when_it_is_asked(model: LocalModel, tmp_path: Path) -> None:
    copy = shutil.copy(find_weights(DEFAULT_MODEL), tmp_path / "copy.gguf")  # the original stays loaded for the others
    request = replace(ask("Name a colour.", 4), model=str(copy))
    first = await answer(model, request)
    await model.aclose()

    assert await answer(model, request) == first


EXIT_PROGRAM = """
import anyio, os, signal, sys, threading, time
from anyassistant.protocols import ModelRequest, UserMessage
from anyassistant.types import Text
from anyassistant_local import LocalModel

begun = threading.Event()

async def generate(tokens=3000):
    model = LocalModel()
    await model.capabilities_of("smollm2-135m-instruct")
    request = ModelRequest("r", "smollm2-135m-instruct", [UserMessage([Text(PROMPT)])], max_completion_tokens=tokens)
    begun.set()
    async for delta in model.respond(request):
        pass

"""


def run_program(ending: str, *, prompt: str, interrupt: bool = False) -> tuple[int, str]:
    program = EXIT_PROGRAM.replace("PROMPT", repr(prompt)) + textwrap.dedent(ending)
    process = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    if interrupt:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        process.send_signal(signal.SIGINT)
    try:
        output, _ = process.communicate(timeout=60)
    finally:
        process.kill()
    return process.returncode, output


@pytest.mark.parametrize("prompt", ["Tell me a long story.", "Once upon a time. " * 500], ids=["answering", "reading"])
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_a_process_ends_in_the_middle_of_a_generation(prompt: str) -> None:
    ending = """
        threading.Thread(target=lambda: anyio.run(generate), daemon=True).start()
        begun.wait()
        time.sleep(0.3)
        print("ended")
        """

    assert run_program(ending, prompt=prompt) == (0, "ended\n")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="only Unix forks")
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_the_end_of_a_forked_child_leaves_its_parents_generation_alone() -> None:
    ending = """
        thread = threading.Thread(target=lambda: anyio.run(generate, 60))
        thread.start()
        begun.wait()
        time.sleep(0.2)
        child = os.fork()
        if child == 0:
            sys.exit()
        print("child ended with", os.waitpid(child, 0)[1], flush=True)
        thread.join()
        """

    assert run_program(ending, prompt="Tell me a long story.") == (0, "child ended with 0\n")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="only Unix forks")
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_a_cancel_reaches_the_model_though_a_forked_child_has_the_connection_too() -> None:
    ending = """
        async def cancel_after_fork():
            with anyio.CancelScope() as scope:
                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(generate)
                    while not begun.is_set():
                        await anyio.sleep(0.01)
                    await anyio.sleep(0.3)
                    if (child := os.fork()) == 0:
                        time.sleep(30)
                    scope.cancel()
            with anyio.move_on_after(8):  # what was cancelled would go on for 20 seconds
                await generate(1)
                print("answered", flush=True)
            os.kill(child, signal.SIGKILL)

        anyio.run(cancel_after_fork, backend="trio")
        """

    assert run_program(ending, prompt="Tell me a long story.") == (0, "answered\n")


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_control_c_interrupts_a_generation() -> None:
    ending = """
        def tell():
            begun.wait()
            time.sleep(0.3)
            print("begun", flush=True)

        threading.Thread(target=tell, daemon=True).start()
        try:
            anyio.run(generate)
        except KeyboardInterrupt:
            print("interrupted")
        """

    assert run_program(ending, prompt="Tell me a long story.", interrupt=True) == (0, "interrupted\n")


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_a_process_ends_while_the_model_loads_or_has_just_been_closed() -> None:
    loading = """
        from anyassistant_local.engine import Engine
        from anyassistant_local.weights import find_weights
        engine = Engine(find_weights("smollm2-135m-instruct"), threads=1, context_tokens=1024)
        """
    closed = (
        loading
        + """
        anyio.run(engine.tokenize, "Hello.")
        engine.release()
        """
    )

    assert run_program(loading, prompt="") == (0, "")
    assert run_program(closed, prompt="") == (0, "")
