"""Checks the package readers with real packages of other people: ``python -m tests.emulator.formats.corpus [LIST...]``.

The packages are named in the lists beside this file and fetched by the ordinary clients (pip, npm, apt) into a folder
that is kept, as nothing of them belongs into the repository. Each is read by the emulator and by a reader that has no
code in common with it; where name, version and variant differ, or the emulator refuses the package, the run fails.
"""
