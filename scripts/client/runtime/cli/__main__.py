"""`python -m` runs the command under whatever name the package has."""

import sys

from . import main

if __name__ == "__main__":
    sys.exit(main())
