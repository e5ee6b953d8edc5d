"""The schema of the first emulator. Its databases bear no version, and nothing has to be done to have it."""

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Do nothing."""
