"""A client library for accessing Buildkite Package Registries REST API"""

from .client import AuthenticatedClient, Client

__version__ = "0.1.0"
__all__ = ["AuthenticatedClient", "Client", "__version__"]
