"""Alembic's way in: it runs on the connection that `migrate` hands over, in the transaction that is open there."""

from alembic import context
from anyassistant.store.sql.schema import VERSION_TABLE, metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    render_as_batch=True,
)
context.run_migrations()
