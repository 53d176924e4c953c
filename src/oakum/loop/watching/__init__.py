"""The parts of ``oakum watch``: what it knows of each series, when it looks closer, what it does then."""
