"""What makes and checks the parts of this repository: ``python -m scripts.NAME``."""

from pathlib import Path

ROOT = Path(__file__).parents[1]
"""The root of the repository."""
