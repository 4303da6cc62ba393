"""Failures of tools that look for `RunContext.deps` where `--deps` was not given."""

HINT = "It looks for RunContext.deps: give it by --deps."


def looks_for_deps(traceback: str) -> bool:
    """Whether a tool failed over a None, in a call that has to do with `deps`.

    Args:
        traceback: Of what it raised, in full.
    """
    raised = traceback.rstrip().rpartition("\n")[2]
    return raised.startswith(("AttributeError:", "TypeError:")) and "'NoneType'" in raised and "deps" in traceback
