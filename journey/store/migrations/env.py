"""Alembic's entry: runs the migrations on the connection that `engine._migrate` hands over, in its transaction."""

from alembic import context

from journey.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
    render_as_batch=True,
)
context.run_migrations()
