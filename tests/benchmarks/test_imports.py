"""What is loaded by when: the import budgets, without a clock."""

import json
import subprocess
import sys

import pytest

HEAVY = {"alembic", "anyassistant_local", "cyclopts", "httpx", "jsonschema", "prompt_toolkit", "rich", "sqlalchemy"}
HEAVY |= {"trio", "xllamacpp"}

RUN = """
import asyncio
from anyassistant import AsyncClient

async def main():
    async with AsyncClient("echo", store={store!r}) as client:
        assistant = await client.assistants.create()
        thread = await client.threads.create()
        await thread.add("Hello")
        assert (await thread.run(assistant).result()).text == "ECHO: Hello"

asyncio.run(main())
"""


def loaded_by(code: str) -> set[str]:
    """The top-level modules that an interpreter has loaded after some code."""
    code += "\nimport json, sys\nprint(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    output = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, check=True, text=True).stdout
    return set(json.loads(output))


@pytest.mark.parametrize(
    "code",
    ["import anyassistant", "from anyassistant import AsyncClient", "from anyassistant import Client, Tool, ToolError"],
)
def test_importing_loads_nothing_heavy(code: str) -> None:
    assert not HEAVY & loaded_by(code)


def test_importing_the_package_loads_not_even_pydantic() -> None:
    assert not {"anyio", "anyassistant_tools", "pluggy", "pydantic"} & loaded_by("import anyassistant")


def test_a_run_in_memory_loads_nothing_heavy() -> None:
    assert not HEAVY & loaded_by(RUN.format(store=":memory:"))


def test_a_run_in_sqlite_loads_sqlalchemy_and_no_migrations(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("store") / "kept.db"
    for _ in ("a new database", "one of this version"):
        assert HEAVY & loaded_by(RUN.format(store=str(path))) == {"sqlalchemy"}
