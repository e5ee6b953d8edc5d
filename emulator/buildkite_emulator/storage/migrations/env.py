"""What Alembic runs; `schema` hands it the connection."""

from alembic import context

from buildkite_emulator.storage.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
