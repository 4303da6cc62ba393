"""The checks, a module for each group."""

from . import (
    assistants,
    blocking,
    cancellation,
    capabilities,
    cleanup,
    concurrency,
    config,
    content,
    deltas,
    discovery,
    errors,
    event_loops,
    history,
    lifecycle,
    limits,
    messages,
    metadata,
    paging,
    parallel_tools,
    provider_state,
    requests,
    resume,
    secrets,
    steps,
    streaming,
    structured_output,
    thread_lock,
    threads,
    token_counts,
    tools,
    usage,
    validation,
)

MODULES = (
    requests, deltas, capabilities, tools, parallel_tools, structured_output, streaming, usage, token_counts,
    provider_state, errors, cancellation, concurrency, cleanup, event_loops, blocking, secrets,
    assistants, threads, messages, paging, lifecycle, steps, limits, thread_lock, resume, history, metadata, content,
    validation, config, discovery,
)  # fmt: skip
"""In the order of a report: what a model does first, then what it does within threads and runs, then the plugin."""

__all__ = ["MODULES"]
