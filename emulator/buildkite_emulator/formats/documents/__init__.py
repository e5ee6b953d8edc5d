"""The documents inside packages: YAML, XML, Python metadata, RPM headers and version numbers."""
