"""Fuzzes the readers under the guidance of coverage: ``python -m tests.emulator.formats.fuzz FOLDER [OPTION...]``.

The options are libFuzzer's. FOLDER keeps the corpus, so that a run goes on where the last one ended, and whatever made
a reader fail: an exception but the one refusal, more than a minute, more memory than `MEBIBYTES`, or a try to do
anything but read. Such a file, given as an option, is tried again.
"""

import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["buildkite_emulator.formats", "packaging", "tarfile", "zipfile"]):
    from tests.emulator.formats.samples import outcome
    from tests.emulator.formats.targets import TARGETS

MEBIBYTES = 512
"""Of the whole process, in which Python, the corpus and the instruments take a part of it."""
LONGEST = 32 * 1024

OPTIONS = (f"-rss_limit_mb={MEBIBYTES}", "-timeout=60", f"-max_len={LONGEST}", "-print_final_stats=1")


def try_one(data: bytes) -> None:
    """Read a package of the layer that the first byte chooses; the others are the layer."""
    if data:
        target = list(TARGETS.values())[data[0] % len(TARGETS)]
        outcome(target.ecosystem, *target.wrap(data[1:]))


def main() -> None:
    """Run libFuzzer, which ends the process: with status 0 where nothing was found."""
    folder, options = Path(sys.argv[1]), sys.argv[2:]
    corpus, failures = folder / "corpus", folder / "failures"
    for each in (corpus, failures):
        each.mkdir(parents=True, exist_ok=True)
    for number, target in enumerate(TARGETS.values()):
        (corpus / f"seed-{number:02}").write_bytes(bytes([number]) + target.seed)
    again = any(Path(option).is_file() for option in options)
    atheris.Setup(
        [sys.argv[0], *OPTIONS, f"-artifact_prefix={failures}/", *options, *([] if again else [str(corpus)])], try_one
    )
    atheris.Fuzz()


if __name__ == "__main__":
    main()
