"""The declared mutants. What they are written with is in `scripts.contract.mutants`.

The constants name the operations whose answers show resources of a kind.
"""

REGISTRIES = ("create_registry", "list_registries", "get_registry", "update_registry")
TOKENS = ("create_registry_token", "list_registry_tokens", "get_registry_token", "update_registry_token")
PACKAGES = ("publish_package", "list_packages", "get_package", "copy_package")
