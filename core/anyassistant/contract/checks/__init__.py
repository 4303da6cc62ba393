"""The checks, a module for each group."""

from . import (
    assistants,
    backend_assistants,
    backend_cancellation,
    backend_capabilities,
    backend_closing,
    backend_events,
    backend_messages,
    backend_outputs,
    backend_runs,
    backend_threads,
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
    validation,
    backend_assistants, backend_threads, backend_messages, backend_runs, backend_events, backend_outputs,
    backend_cancellation, backend_capabilities, backend_closing,
    config, discovery,
)  # fmt: skip
"""In the order of a report: what a model does first, then what it does within threads and runs, what a full backend
keeps itself, the plugin."""

__all__ = ["MODULES"]
