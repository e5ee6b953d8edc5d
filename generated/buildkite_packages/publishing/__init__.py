"""How files are sent: uploads, multipart bodies, digests, and looking for what is already there."""
