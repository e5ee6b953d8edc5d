"""The spec: bundled, linted, and compared with an earlier one."""
