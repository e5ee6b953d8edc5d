"""Presigned uploads: files that are sent by a form before they are published."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "presigned_uploads",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("registry_id", sa.String(36), sa.ForeignKey("registries.id"), nullable=False, index=True),
        sa.Column("signature_sha256", sa.String(64), nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False, index=True),
        sa.Column("is_used", sa.Boolean, nullable=False),
        sa.Column("blob_id", sa.String(36), sa.ForeignKey("blobs.id"), index=True),
        sa.Column("file_name", sa.Text),
    )
