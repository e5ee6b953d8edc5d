"""What makes and checks the parts of this repository: ``python -m scripts.NAME``."""
