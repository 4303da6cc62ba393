"""Pairs of metadata as rows, so that objects can be found by them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Literal, TypeAlias

from . import statements
from .connection import Connection

Kind: TypeAlias = Literal["assistant", "thread", "run"]


def add_labels(connection: Connection, kind: Kind, tenant: str, number: int, metadata: Mapping[str, str]) -> None:
    for key, value in metadata.items():
        connection.run(
            statements.add_label, kind=kind, tenant=tenant, key=label_text(key), value=label_text(value), number=number
        )


def replace_labels(connection: Connection, kind: Kind, tenant: str, number: int, metadata: Mapping[str, str]) -> None:
    connection.run(statements.delete_labels, kind_=kind, number_=number)
    add_labels(connection, kind, tenant, number, metadata)


def label_text(text: str) -> str:
    """A key or value as text that any database takes and compares, whatever is in it."""
    return json.dumps(text)
