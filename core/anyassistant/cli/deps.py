"""What tools find as `RunContext.deps`: given as JSON, or named as MODULE:NAME."""

import json

from .failures import UsageError
from .modules import find_attribute, import_module, no_such_name


def load_deps(given: str | None) -> object:
    """What `--deps` gives.

    Raises:
        UsageError: It is neither JSON nor the name of something.
    """
    if given is None:
        return None
    try:
        parsed: object = json.loads(given)
    except ValueError:
        where, colon, name = given.partition(":")
        if not colon:
            raise UsageError(f"--deps takes JSON or MODULE:NAME, not {given!r}.") from None
        module = import_module(where)
        found = find_attribute(module, name)
        if found is None:
            raise UsageError(no_such_name(module, name)) from None
        return found
    return parsed
