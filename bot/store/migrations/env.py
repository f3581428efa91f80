"""Alembic's way in: runs steps on the connection that `upgrade` has begun a transaction on, and sets up no logging."""

from alembic import context

from bot.store.migrations import TABLE

context.configure(connection=context.config.attributes["connection"], version_table=TABLE)
with context.begin_transaction():  # the one that is open already
    context.run_migrations()
