"""A package with a module that forgets to forget."""
