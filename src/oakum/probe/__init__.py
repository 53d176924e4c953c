"""Evidence from a live process: what a probe requires, what it asks, how it reads the reply."""
