"""``python -m buildkite_emulator``: the command `buildkite-emulator`."""

import sys

from buildkite_emulator.cli import main

sys.exit(main())
