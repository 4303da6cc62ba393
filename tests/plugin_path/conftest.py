"""A provider's package as a stranger has it: written by `provider new`, built, and installed from its wheel.

The environment is one of its own, outside the workspace: wheels of ours in it, and of all that they need the copies
that the tests run with, so that nothing is fetched.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from stranger import NAME, SECONDS, Installation

ROOT = Path(__file__).parents[2]

collect_ignore = ["programs"]


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    uv = os.environ.get("UV") or shutil.which("uv")
    if uv is None:
        pytest.skip("builds and installs wheels with uv: pip install uv")
    folder = tmp_path_factory.mktemp("stranger")
    source = folder / "written" / f"anyassistant-{NAME}"
    source.parent.mkdir()
    wheels = folder / "wheels"
    _run(str(Path(sys.executable).with_name("anyassistant")), "provider", "new", NAME, "--output", str(source))
    for package in (ROOT / "tools", ROOT / "core", source):
        _run(uv, "build", "--quiet", "--wheel", "--offline", "--out-dir", str(wheels), str(package))
    environment = folder / "environment"
    venv.create(environment, symlinks=True)
    scripts = Path(sysconfig.get_path("scripts", "venv", vars={"base": str(environment)}))
    site_packages = Path(sysconfig.get_path("purelib", "venv", vars={"base": str(environment)}))
    _lend_dependencies(site_packages)
    found = sorted(map(str, wheels.glob("*.whl")))
    python = str(scripts / "python")
    _run(uv, "pip", "install", "--quiet", "--offline", "--no-index", "--no-deps", "--python", python, *found)
    work = folder / "work"
    shutil.copytree(source / "tests", work / "tests")
    return Installation(work, source, scripts, site_packages)


def _lend_dependencies(site_packages: Path) -> None:
    """All that is installed beside the tests, without what is ours."""
    for entry in Path(sysconfig.get_path("purelib")).iterdir():
        if not entry.name.startswith(("anyassistant", "__pycache__")) and entry.suffix != ".pth":
            (site_packages / entry.name).symlink_to(entry)


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}{done.stderr}"


@pytest.fixture(scope="module")
def real_server() -> Iterator[str]:
    """The base URL of a llama.cpp server with a small model, which wants the key `sk-of-this-server`."""
    from anyassistant_local.llama import LlamaOptions, start_llama_server
    from anyassistant_local.weights import DEFAULT_MODEL, find_weights

    options = LlamaOptions(find_weights(DEFAULT_MODEL), threads=1, context_tokens=1024, key="sk-of-this-server")
    server = start_llama_server(options)
    yield f"{server.listening_address}/v1"
    del server
