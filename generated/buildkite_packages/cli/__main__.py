"""`python -m` runs the command, also under a vendored package's name."""

import sys

from . import main

if __name__ == "__main__":
    sys.exit(main())
