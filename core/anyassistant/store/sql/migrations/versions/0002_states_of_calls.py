"""The ledger says what came of a call, not only that it has finished: 0 started, 1 succeeded, 2 failed, 3 unknown.

A call that had finished counts as succeeded: the older version did not keep it apart. A run says which service keeps
it; all that there were are kept here.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.execute("ALTER TABLE claims RENAME COLUMN finished TO state")
    op.add_column("runs", sa.Column("service", sa.String(), nullable=True))
