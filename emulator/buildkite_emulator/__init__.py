"""An emulator of the Buildkite Package Registries REST API, driven by the spec that the client package carries.

To follow a publish from the socket to the blob, read these six files in order:

1. `http/protocol.py`: reads the request from the connection, within limits.
2. `http/dispatch.py`: sends it to the API rather than to the control routes or the page.
3. `api/app.py`: finds the operation and admits the caller.
4. `api/execution.py`: records a new blob, and later runs the handler in a transaction.
5. `api/uploads.py`: receives the form, writes the file to the blob and reads what package it is.
6. `operations/packages.py`: applies the rules of publishing and adds the package.

The blob's bytes are in `storage/blobs.py`, and the rows in `storage/queries/packages.py`.

Folders import in one direction: `testing`, `cli`, `workers`, `server`, then `web` and `seeds`, `operations`, `api`,
`control` and `storage`, `http` and `formats`, and at last the ground floor: `clock`, `errors`, `identity`, `spec`,
`state_store` and `suggestions`.
"""
