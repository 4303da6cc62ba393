"""The only file that knows `xllamacpp`: its untyped calls, behind one function and one protocol."""

import importlib
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


class LlamaServer(Protocol):
    """A llama.cpp server of this process: it lives until its last reference is gone."""

    @property
    def listening_address(self) -> str:
        """Where it listens, such as `http://127.0.0.1:41709`."""
        ...


class LlamaFailedToLoad(Exception):
    """llama.cpp refused the weights; it says no more than that."""


@dataclass(frozen=True, slots=True)
class LlamaOptions:
    """What a server is started with.

    Attributes:
        weights: A GGUF file.
        threads: Threads that compute.
        context_tokens: Tokens of prompt and answer together.
        key: Who calls must send this as a bearer token: the port is open to every user of the machine.
    """

    weights: Path
    threads: int
    context_tokens: int
    key: str


BATCH_TOKENS = 128
"""Tokens of a prompt that are computed at a time: a cancel is noticed between two batches."""

PROMPT_CACHE_MIB = 128
"""Memory for the states of earlier prompts, so that going to and fro between two of them costs nothing."""


def start_llama_server(options: LlamaOptions) -> LlamaServer:
    """A server with the weights loaded, listening on a free port of the loopback device.

    It blocks, and holds the interpreter's lock while llama.cpp reads the vocabulary (0.13 s for SmolLM2-135M): so the
    trial loads of `fit_params` and the warm-up run, which took four times as long, are switched off.

    Raises:
        LlamaFailedToLoad: The file is not a model that this llama.cpp can load.
    """
    xllamacpp = importlib.import_module("xllamacpp")
    params = xllamacpp.CommonParams()
    params.model.path = str(options.weights)
    params.cpuparams.n_threads = options.threads
    params.cpuparams_batch.n_threads = options.threads
    params.n_ctx = options.context_tokens
    params.n_parallel = 1
    params.n_batch = BATCH_TOKENS
    params.n_ubatch = BATCH_TOKENS
    params.cache_ram_mib = PROMPT_CACHE_MIB
    params.fit_params = False
    params.warmup = False
    params.ui = False
    params.api_keys = [options.key]
    params.verbosity = -1
    try:
        server: LlamaServer = xllamacpp.Server(params)
    except RuntimeError as error:
        raise LlamaFailedToLoad(str(error)) from error
    return server
