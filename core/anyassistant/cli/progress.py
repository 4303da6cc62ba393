"""How far a tool is, for people."""

from pydantic_core import to_json

from .plain import MAX_OUTPUT, clip


def describe_progress(progress: object) -> str:
    """What a tool told of its progress, on one line: a text bare, what MCP tells as `2/5 text`, else JSON."""
    return clip(_text(progress), MAX_OUTPUT)


def _text(progress: object) -> str:
    match progress:
        case str():
            return progress
        case {"progress": int() | float() as done, **more} if more.keys() <= {"total", "message"}:
            total = more.get("total")
            of_all = f"/{total:g}" if isinstance(total, int | float) else ""
            return f"{done:g}{of_all} {more.get('message') or ''}".rstrip()
        case _:
            return to_json(progress).decode()
