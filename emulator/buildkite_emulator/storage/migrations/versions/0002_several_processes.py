"""What several processes need to know of each other: pending blobs, who lives, and what they share beside packages."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "processes",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("started_at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "pending_blobs",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("process_id", sa.Integer, sa.ForeignKey("processes.id"), nullable=False, index=True),
    )
    op.create_table("installation", sa.Column("id", sa.String(36), primary_key=True))
    op.create_table(
        "documents",
        sa.Column("key", sa.String(255), primary_key=True),
        sa.Column("value", sa.JSON, nullable=False),
    )
    op.create_table(
        "windows",
        sa.Column("key", sa.String(255), primary_key=True),
        sa.Column("total", sa.Integer, nullable=False),
        sa.Column("started", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "requests",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("entry", sa.JSON, nullable=False),
    )
