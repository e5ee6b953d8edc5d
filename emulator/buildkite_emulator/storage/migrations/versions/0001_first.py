"""The schema of the first emulator. Its databases have no version, and need no step."""

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Do nothing."""
