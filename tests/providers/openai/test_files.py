"""Files and vector stores of the service: put there, indexed, listed, deleted; and what goes wrong with them."""

from __future__ import annotations

import gc
import os
import pickle
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import pytest
from anyassistant import AsyncClient, Client
from anyassistant.errors import IndexingFailed, InvalidRequest, NotFound, ProviderError, UnsupportedCapability
from anyassistant_openai import files as service_files
from anyio.abc import SocketAttribute, SocketStream

from .double import Double
from .loopback import BROKEN, Answer, Raw, Request, Stream, reset
from .shelf import form_of

pytestmark = pytest.mark.usefixtures("impatient")
LARGE = bytes(range(256)) * 5000  # some pieces, and one that is not whole


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("anyassistant.client.vector_stores.FIRST_PAUSE", 0.001)


@pytest.fixture
def tag(tmp_path: Path) -> Path:
    path = tmp_path / "price tag.txt"
    path.write_bytes(LARGE)
    return path


def answer_once(double: Double, method: str, part: str, answer: Answer | Stream | Raw) -> list[Request]:
    left, met = [answer], []

    def fault(request: Request) -> Answer | Stream | Raw | None:
        if not left or request.method != method or not request.path.endswith(part):
            return None
        met.append(request)
        return left.pop()

    double.faults.append(fault)
    return met


async def test_a_file(client: AsyncClient, double: Double, tag: Path) -> None:
    made = await client.files.upload(tag)
    assert (made.filename, made.bytes, made.purpose) == ("price tag.txt", len(LARGE), "assistants")
    [request] = double.requests
    assert form_of(request)["file"] == ("price tag.txt", LARGE)
    assert int(request.headers["content-length"]) == len(request.content)
    assert b"Content-Type: text/plain" in request.content
    assert await client.files.get(made.id) == made
    assert await client.files.content(made.id) == LARGE
    other = await client.files.upload(b"x", filename="x.png", purpose="vision")
    assert [one.id async for one in client.files.list()] == [other.id, made.id]
    assert [one.id async for one in client.files.list(purpose="vision")] == [other.id]
    await client.files.delete(made.id)
    with pytest.raises(NotFound):
        await client.files.get(made.id)


@pytest.mark.parametrize("name", ['"quoted".txt', "Prüfung 価格.md", "no_suffix"])
async def test_names_of_files(client: AsyncClient, double: Double, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"x")
    await client.files.upload(path)
    await client.files.upload(b"x", filename=name)
    on_disk, in_memory = [one.content.split(b"\r\n")[5:] for one in double.requests]
    assert on_disk[1:-2] == in_memory[1:-2]


async def test_what_cannot_be_sent_is_refused_before(
    client: AsyncClient, double: Double, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "empty").touch()
    (tmp_path / "large").write_bytes(b"12345")
    monkeypatch.setattr(service_files, "MAX_BYTES", 4)
    cases: list[tuple[Any, str]] = [
        (tmp_path / "none", "file_not_found"),
        (tmp_path, "file_not_found"),
        (tmp_path / "empty", "empty_file"),
        (tmp_path / "large", "file_too_large"),
        (5, "invalid_value"),
        (b"1", "invalid_value"),  # without a name
    ]
    for file, code in cases:
        with pytest.raises(InvalidRequest) as caught:
            await client.files.upload(file)
        assert caught.value.code == code
    assert double.requests == []


async def test_a_file_that_becomes_shorter(client: AsyncClient, tag: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def size(path: object) -> int:
        return len(LARGE)

    monkeypatch.setattr("anyassistant.client.files._size_of", size)
    stat = anyio.Path.stat

    async def stat_and_cut(self: anyio.Path, **options: Any) -> Any:
        found = await stat(self, **options)
        await self.write_bytes(b"x")
        return found

    monkeypatch.setattr(anyio.Path, "stat", stat_and_cut)
    with anyio.fail_after(10), pytest.raises(InvalidRequest) as caught:
        await client.files.upload(tag)
    assert caught.value.code == "file_changed"


@pytest.mark.parametrize("times", [1, 2])
async def test_an_upload_that_is_refused_for_now_is_made_again(
    client: AsyncClient, double: Double, tag: Path, times: int
) -> None:
    for _ in range(times):
        answer_once(double, "POST", "/files", Answer(b"", 429, {"retry-after-ms": "1"}))
    made = await client.files.upload(tag)
    assert double.shelf.contents[made.id] == LARGE
    assert double.paths().count("/files") == times + 1


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Answer(b"", 500), ProviderError),
        ([reset], ProviderError),
        (Answer({"error": {"message": "Too large."}}, 413), InvalidRequest),
    ],
    ids=["500", "reset", "413"],
)
async def test_an_upload_that_fails_is_not_made_again(
    client: AsyncClient, double: Double, tag: Path, answer: Any, kind: type[Exception]
) -> None:
    answer_once(double, "POST", "/files", answer)
    with anyio.fail_after(10), pytest.raises((InvalidRequest, ProviderError)):
        await client.files.upload(tag)
    assert double.paths().count("/files") == 1


@pytest.fixture
async def hang_up(tmp_path: Path) -> AsyncGenerator[Callable[[bytes], Path], None]:
    """Makes a config for a server that says this after the first bytes of a request, and hangs up."""
    said = b""

    async def serve(stream: SocketStream) -> None:
        async with stream:
            with suppress(*BROKEN):
                await stream.receive()
                if not said:
                    return
                await stream.send(said)
                with anyio.move_on_after(0.2):  # who is sending still may see a reset instead of the answer
                    while True:
                        await stream.receive()

    async with await anyio.create_tcp_listener(local_host="127.0.0.1") as listener, anyio.create_task_group() as group:
        group.start_soon(listener.serve, serve)

        def write(answer: bytes) -> Path:
            nonlocal said
            said = answer
            port = listener.extra(SocketAttribute.local_port)
            path = tmp_path / "hangs_up.toml"
            path.write_text(
                f'[profiles.service]\nprovider = "openai-assistants"\nbase_url = "http://127.0.0.1:{port}"\n', "utf-8"
            )
            return path

        yield write
        group.cancel_scope.cancel()


def open_files() -> list[str]:
    return [os.readlink(entry) for entry in Path("/proc/self/fd").iterdir() if entry.is_symlink()]


@pytest.mark.filterwarnings("error::ResourceWarning")
@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (b"", ProviderError),
        (b"HTTP/1.1 413 X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", (InvalidRequest, ProviderError)),
    ],
    ids=["broken", "413"],
)
async def test_an_upload_that_is_cut_in_the_middle(
    hang_up: Callable[[bytes], Path], tmp_path: Path, answer: bytes, kind: Any
) -> None:
    large = tmp_path / "large.txt"
    large.write_bytes(bytes(2**24))
    async with AsyncClient("service", store=":memory:", config=hang_up(answer)) as client:
        with anyio.fail_after(10), pytest.raises(kind):
            await client.files.upload(large)
    gc.collect()
    assert str(large) not in open_files()


async def test_a_vector_store(client: AsyncClient, double: Double) -> None:
    one, two = [(await client.files.upload(b"x", filename=name)).id for name in ("a.txt", "b.txt")]
    double.shelf.looks = 3
    store = await client.vector_stores.create(name="tags", file_ids=[one], metadata={"k": "v"})
    assert (store.status, store.file_counts.completed, store.name) == ("completed", 1, "tags")
    added = await client.vector_stores.add_file(store.id, two)
    assert (added.id, added.status, added.vector_store_id) == (two, "completed", store.id)
    assert [file.id async for file in client.vector_stores.list_files(store.id)] == [two, one]
    assert [file.id async for file in client.vector_stores.list_files(store.id, status="failed")] == []
    assert (await client.vector_stores.get(store.id)).file_counts.total == 2
    await client.vector_stores.remove_file(store.id, one)
    assert [file.id async for file in client.vector_stores.list_files(store.id)] == [two]
    assert [found.id async for found in client.vector_stores.list()] == [store.id]
    await client.vector_stores.delete(store.id)
    with pytest.raises(NotFound):
        await client.vector_stores.add_file("vs_9", two)
    assert (await client.files.get(one)).id == one


async def test_files_that_cannot_be_indexed(client: AsyncClient, double: Double) -> None:
    good, bad = [(await client.files.upload(b"x", filename=name)).id for name in ("a.txt", "b.xyz")]
    double.shelf.unreadable.add(bad)
    with pytest.raises(IndexingFailed, match=r"could not index file-2 \(The file type is not supported") as caught:
        await client.vector_stores.create(file_ids=[good, bad])
    [file] = caught.value.files
    assert file.last_error is not None
    assert (file.id, file.last_error.code) == (bad, "unsupported_file")
    store_id = caught.value.vector_store_id
    assert pickle.loads(pickle.dumps(caught.value)).files == caught.value.files
    assert (await client.vector_stores.get(store_id)).file_counts.completed == 1
    with pytest.raises(IndexingFailed):
        await client.vector_stores.add_file(store_id, bad)
    assert (await client.vector_stores.add_file(store_id, good)).status == "completed"


async def test_it_is_not_waited_for_ever(client: AsyncClient, double: Double) -> None:
    file_id = (await client.files.upload(b"x", filename="a.txt")).id
    double.shelf.looks = 10**9
    store = await client.vector_stores.create(file_ids=[file_id], wait=False)
    assert store.status == "in_progress"
    with anyio.fail_after(10), pytest.raises(TimeoutError, match=store.id):
        await client.vector_stores.wait(store.id, timeout=0.05)
    with anyio.fail_after(10), pytest.raises(TimeoutError, match=file_id):
        await client.vector_stores.add_file(store.id, file_id, timeout=0.05)


async def test_the_service_says_when_it_wants_to_be_asked(client: AsyncClient, double: Double) -> None:
    file_id = (await client.files.upload(b"x", filename="a.txt")).id
    double.shelf.looks, double.poll_after_ms = 3, 60_000
    store = await client.vector_stores.create(file_ids=[file_id], wait=False)
    before = len(double.requests)
    with pytest.raises(TimeoutError):
        await client.vector_stores.wait(store.id, timeout=0.1)
    assert len(double.requests) == before + 1


async def test_making_one_is_not_repeated_and_adding_to_it_is(client: AsyncClient, double: Double) -> None:
    file_id = (await client.files.upload(b"x", filename="a.txt")).id
    answer_once(double, "POST", "/vector_stores", Answer(b"", 500, {"retry-after-ms": "1"}))
    with pytest.raises(ProviderError):
        await client.vector_stores.create()
    store = await client.vector_stores.create()
    answer_once(double, "POST", f"/{store.id}/files", Answer(b"", 500, {"retry-after-ms": "1"}))
    assert (await client.vector_stores.add_file(store.id, file_id)).status == "completed"
    assert double.paths().count("/vector_stores") == 2
    assert double.paths().count(f"/vector_stores/{store.id}/files") == 2


async def test_where_there_are_none(tag: Path) -> None:
    async with AsyncClient("echo", store=":memory:") as client:
        asked: list[Callable[[], Any]] = [
            lambda: client.files.upload(tag),
            lambda: client.files.list().page(),
            lambda: client.vector_stores.create(),
            lambda: client.vector_stores.list().page(),
        ]
        for ask in asked:
            with pytest.raises(UnsupportedCapability) as caught:
                await ask()
            assert caught.value.capability == "files"


async def test_blocking(config_file: Callable[..., Path], double: Double, tag: Path) -> None:
    path = config_file()

    def all_of_it() -> Any:
        with Client("service", store=":memory:", config=path) as client:
            file = client.files.upload(str(tag))
            store = client.vector_stores.create(file_ids=[file.id])
            assert client.files.get(file.id) == file
            assert client.files.content(file.id) == LARGE
            assert [one.id for one in client.files.list()] == [file.id]
            assert [one.id for one in client.vector_stores.list()] == [store.id]
            assert client.vector_stores.get(store.id).id == client.vector_stores.wait(store.id).id
            client.vector_stores.add_file(store.id, file.id)
            assert [one.id for one in client.vector_stores.list_files(store.id)] == [file.id]
            client.vector_stores.remove_file(store.id, file.id)
            client.vector_stores.delete(store.id)
            client.files.delete(file.id)
            return store.status

    with anyio.fail_after(20):
        assert await anyio.to_thread.run_sync(all_of_it) == "completed"
