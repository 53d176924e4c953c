"""Memory, limit and pressure of the container you run in. Standard library only: it loads in your app."""
