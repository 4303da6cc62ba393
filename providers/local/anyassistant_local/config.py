"""What a profile may say about the embedded model."""

import os

from pydantic import BaseModel, ConfigDict, Field


class Config(BaseModel):
    """The settings of provider `local`. All have defaults: nothing needs to be configured.

    The model itself is the profile's `model`: the name of the default one, or a file that ends in `.gguf`.

    Attributes:
        threads: Threads that compute, at least 1 (the default); never more are used than the machine has cores, less
            one.
        context_tokens: Tokens of a prompt and its answer together, at least 512; 4096 by default.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    threads: int = Field(default=1, ge=1)
    context_tokens: int = Field(default=4096, ge=512)


def count_usable_threads(wanted: int) -> int:
    """The threads to compute with: at least 1, and at most the cores this process may use, less one.

    Two threads on two cores of which one is busy take 3 to 100 times as long as one: llama.cpp's threads wait for each
    other after every operation.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(wanted, cores - 1))
