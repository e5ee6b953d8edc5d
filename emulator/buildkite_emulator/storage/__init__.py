"""Where packages are kept: the database and the blobs."""
