"""Compares the spec of the working tree with that at a git ref: ``python -m scripts.spec.diff --base=REF``.

Exit status 0 where `info.version` has taken the step that follows from the changes or nothing breaks, 1 where something
breaks and it has not, 2 where the two could not be compared.
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from scripts import ROOT
from scripts.spec.bundle import SPEC, SpecError, bundle
from scripts.spec.diff.changes import Level
from scripts.spec.diff.documents import compare, operations
from scripts.spec.diff.history import FOLDER, HistoryError, spec_at
from scripts.spec.diff.nodes import Node
from scripts.spec.diff.report import FORMATS, Comparison
from scripts.spec.diff.versions import Version, VersionError


def difference(base: str, repository: Path = ROOT) -> Comparison:
    """Compare the spec of the working tree with a former state of it.

    Args:
        base: a git ref.
        repository: the folder that has ``openapi/`` in it.

    Raises:
        HistoryError: the former state cannot be read.
        SpecError: that of the working tree cannot be bundled.
        VersionError: one of them has a version that is none.
    """
    new = bundle(repository / FOLDER / SPEC.name)
    with tempfile.TemporaryDirectory() as folder:
        old = spec_at(repository, base, Path(folder))
        changes = compare(old, new)
    before, now = (Version.read(str(each.document["info"]["version"])) for each in (old, new))
    return Comparison(base, before, now, changes, len(operations(Node(new.document, (), new.document))))


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the comparison.

    Returns:
        the exit status.
    """
    parser = argparse.ArgumentParser(prog="make spec-diff", description=__doc__.partition("\n")[0])
    parser.add_argument("--base", default="", help="git ref to compare with")
    parser.add_argument("--format", default="text", help=f"one of {', '.join(FORMATS)}")
    parser.add_argument("--repository", type=Path, default=ROOT, help="folder that has openapi/ in it")
    options = parser.parse_args(arguments)
    if not options.base:
        return could_not("it is not said what to compare with; name a git ref, as in BASE=origin/main")
    if options.format not in FORMATS:
        return could_not(f"there is no format {options.format!r}; it should be one of {', '.join(FORMATS)}")
    try:
        found = difference(options.base, options.repository)
    except (HistoryError, SpecError, VersionError) as error:
        return could_not(str(error))
    sys.stdout.write(FORMATS[options.format](found))
    if found.is_taken:
        return 0
    if found.level is not Level.BREAKING:
        print(f"spec-diff: no need, but right: info.version should be {found.needed}", file=sys.stderr)
        return 0
    print(f"spec-diff: something breaks; info.version should be {found.needed} or later", file=sys.stderr)
    return 1


def could_not(reason: str) -> int:
    """Say why nothing was compared; gives the exit status."""
    print(f"spec-diff: {reason}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
