"""Configuration: the typed schema and how Hydra composes it. Only here, in `__main__` and in
`sweep` is Hydra known."""
