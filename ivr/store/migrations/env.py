"""Alembic's entry: `ivr.store.migrate` hands the open connection over and owns the transaction."""

from alembic import context

from ivr.store.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
