"""A thread says which service keeps it, as its runs do; so far only the runs did."""

import json
from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("threads", sa.Column("service", sa.String(), nullable=False, server_default=""))
    op.drop_index("ix_threads_list", "threads")
    op.create_index("ix_threads_list", "threads", ["tenant", "service", "number"])
    connection = op.get_bind()
    kept_elsewhere = connection.execute(
        sa.text(
            "SELECT DISTINCT threads.number, threads.record, runs.service FROM threads "
            "JOIN runs ON runs.thread = threads.number WHERE runs.service IS NOT NULL"
        )
    )
    for number, record, service in kept_elsewhere.all():
        connection.execute(
            sa.text("UPDATE threads SET service = :service, record = :record WHERE number = :number"),
            {"service": service, "record": json.dumps({**json.loads(record), "service": service}), "number": number},
        )
