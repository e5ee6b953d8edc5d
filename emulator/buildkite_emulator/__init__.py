"""An emulator of the Buildkite Package Registries REST API, driven by the spec that the client package carries."""
