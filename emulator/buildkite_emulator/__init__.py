"""An emulator of the Buildkite Package Registries REST API, driven by the spec that the client package carries.

To follow a publish from the socket to the blob, read these six files in order:

1. `http/protocol.py`: reads the request off the connection, within bounds.
2. `http/dispatch.py`: tells the API from the control routes and the page.
3. `api/app.py`: finds the operation, admits the caller, runs the handler in a transaction.
4. `api/uploads.py`: receives the form, writes the file to a blob and reads what package it is.
5. `operations/packages.py`: the rules of publishing.
6. `storage/queries/packages.py`: adds the package and counts it; the blob is in `storage/blobs.py`.

Folders import in one direction: `testing`, `cli`, `workers`, `server`, then `web` and `seeds`, `operations`, `api`,
`control` and `storage`, `http` and `formats`, and at last the ground floor: `clock`, `errors`, `identity`, `spec`,
`state_store` and `suggestions`.
"""
