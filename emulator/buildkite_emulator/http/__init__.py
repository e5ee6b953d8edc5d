"""The server's edge: the protocol, its bounds, who answers a request, and the log of requests."""
