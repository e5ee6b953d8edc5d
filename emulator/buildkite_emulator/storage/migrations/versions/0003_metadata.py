"""The metadata of packages. Existing packages get none."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the column."""
    op.add_column("packages", sa.Column("metadata", sa.JSON))
