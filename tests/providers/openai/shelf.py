"""The double's files and vector stores."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from email import message_from_bytes
from itertools import count
from typing import Any, TypeAlias

from .loopback import Answer, Request

Found: TypeAlias = Answer | tuple[str, Any]
"""An answer as it is sent; or a kind of object, and one or a list of them."""


class Shelf:
    """Files and vector stores.

    Attributes:
        contents: Of the files, by id.
        looks: How often a file is asked for until it is indexed.
        unreadable: Ids of files that cannot be indexed.
    """

    def __init__(self) -> None:
        self.contents: dict[str, bytes] = {}
        self.looks = 1
        self.unreadable: set[str] = set()
        self._file_numbers, self._store_numbers = count(1), count(1)
        self._files: dict[str, dict[str, Any]] = {}
        self._stores: dict[str, dict[str, Any]] = {}
        self._indexes: dict[str, dict[str, int]] = {}
        """Of each vector store its files, and how many looks each still takes."""

    def answer(self, request: Request) -> Found:
        for pattern, handlers in self._routes().items():
            match = re.fullmatch(f"/v1{pattern}", request.path)
            if match and request.method in handlers:
                try:
                    return handlers[request.method](request, *match.groups())
                except KeyError as error:
                    return refuse(404, f"No such object: {error}.")
        return refuse(404, f"Invalid URL ({request.method} {request.path})")

    def _routes(self) -> dict[str, dict[str, Callable[..., Found]]]:
        one = "([^/]+)"
        return {
            "/files": {"POST": self._upload, "GET": self._list_files},
            f"/files/{one}": {"GET": self._get_file, "DELETE": self._delete_file},
            f"/files/{one}/content": {"GET": self._content},
            "/vector_stores": {"POST": self._create, "GET": self._list},
            f"/vector_stores/{one}": {"GET": self._get, "DELETE": self._delete},
            f"/vector_stores/{one}/files": {"POST": self._add, "GET": self._list_added},
            f"/vector_stores/{one}/files/{one}": {"GET": self._get_added, "DELETE": self._remove},
        }

    def _upload(self, request: Request) -> Found:
        fields = form_of(request)
        filename, content = fields["file"]
        key = f"file-{next(self._file_numbers)}"
        self.contents[key] = content
        self._files[key] = {
            "id": key,
            "object": "file",
            "bytes": len(content),
            "created_at": int(time.time()),
            "filename": filename,
            "purpose": fields["purpose"][1].decode(),
            "status": "processed",
        }
        return "file", self._files[key]

    def _get_file(self, request: Request, key: str) -> Found:
        return "file", self._files[key]

    def _list_files(self, request: Request) -> Found:
        purpose = dict(request.query).get("purpose")
        return "file", [one for one in reversed(self._files.values()) if purpose in (None, one["purpose"])]

    def _delete_file(self, request: Request, key: str) -> Found:
        del self._files[key]
        return "file.deleted", {"id": key, "object": "file", "deleted": True}

    def _content(self, request: Request, key: str) -> Found:
        return Answer(self.contents[key], media_type="application/octet-stream")

    def _create(self, request: Request) -> Found:
        body = request.body or {}
        key = f"vs_{next(self._store_numbers)}"
        self._stores[key] = {"name": body.get("name") or "", "metadata": body.get("metadata") or {}}
        self._indexes[key] = dict.fromkeys(body.get("file_ids", []), self.looks)
        return "vector_store", self._store(key)

    def _store(self, key: str) -> dict[str, Any]:
        states = [self._added(key, one)["status"] for one in self._indexes[key]]
        counts = {one: states.count(one) for one in ("in_progress", "completed", "failed", "cancelled")}
        return {
            **self._stores[key],
            "id": key,
            "object": "vector_store",
            "created_at": 1,
            "usage_bytes": 0,
            "file_counts": {**counts, "total": len(states)},
            "status": "in_progress" if counts["in_progress"] else "completed",
        }

    def _get(self, request: Request, key: str) -> Found:
        self._indexes[key] = {one: max(0, left - 1) for one, left in self._indexes[key].items()}
        return "vector_store", self._store(key)

    def _list(self, request: Request) -> Found:
        return "vector_store", [self._store(key) for key in reversed(self._stores)]

    def _delete(self, request: Request, key: str) -> Found:
        del self._stores[key]
        return "vector_store.deleted", {"id": key, "object": "vector_store.deleted", "deleted": True}

    def _added(self, key: str, file_id: str) -> dict[str, Any]:
        left, fails = self._indexes[key][file_id], file_id in self.unreadable
        error = {"code": "unsupported_file", "message": "The file type is not supported."}
        return {
            "id": file_id,
            "object": "vector_store.file",
            "created_at": 1,
            "vector_store_id": key,
            "status": "in_progress" if left else "failed" if fails else "completed",
            "last_error": error if fails and not left else None,
            "usage_bytes": 5,
        }

    def _add(self, request: Request, key: str) -> Found:
        file_id = request.body["file_id"]
        self._files[file_id]  # or there is none
        self._indexes[key][file_id] = self.looks
        return "vector_store.file", self._added(key, file_id)

    def _get_added(self, request: Request, key: str, file_id: str) -> Found:
        self._indexes[key][file_id] = max(0, self._indexes[key][file_id] - 1)
        return "vector_store.file", self._added(key, file_id)

    def _list_added(self, request: Request, key: str) -> Found:
        wanted = dict(request.query).get("filter")
        files = [self._added(key, one) for one in reversed(self._indexes[key])]
        return "vector_store.file", [one for one in files if wanted in (None, one["status"])]

    def _remove(self, request: Request, key: str, file_id: str) -> Found:
        del self._indexes[key][file_id]
        return "vector_store.file.deleted", {"id": file_id, "object": "vector_store.file.deleted", "deleted": True}


def form_of(request: Request) -> dict[str, tuple[str, bytes]]:
    """The fields of a form: the file's name, empty of what is none, and the content."""
    head = f"Content-Type: {request.headers['content-type']}\r\n\r\n".encode()
    parts: Any = message_from_bytes(head + request.content).get_payload()
    found: dict[str, tuple[str, bytes]] = {}
    for part in parts:
        name = str(part.get_param("name", header="content-disposition"))
        found[name] = (part.get_filename() or "", part.get_payload(decode=True))
    return found


def refuse(status: int, message: str) -> Answer:
    return Answer({"error": {"message": message, "type": "invalid_request_error", "param": None, "code": None}}, status)
