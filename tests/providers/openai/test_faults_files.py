"""Files that cannot be looked at."""

from __future__ import annotations

import errno
from pathlib import Path

import anyio
import pytest
from anyassistant import AsyncClient
from anyassistant.errors import InvalidRequest

from .double import Double


async def test_a_path_that_is_too_long(client: AsyncClient, double: Double, tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest) as caught:
        await client.files.upload(tmp_path / ("a" * 5000))
    assert caught.value.code == "file_not_found"
    assert double.requests == []


async def test_a_folder_that_may_not_be_entered(
    client: AsyncClient, double: Double, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(self: anyio.Path) -> bool:  # a test may be run by root, who may enter all
        raise PermissionError(errno.EACCES, "Permission denied", str(self))

    monkeypatch.setattr(anyio.Path, "is_file", refuse)
    with pytest.raises(InvalidRequest, match="Permission denied") as caught:
        await client.files.upload(tmp_path / "tag.txt")
    assert caught.value.code == "file_not_found"
    assert double.requests == []
