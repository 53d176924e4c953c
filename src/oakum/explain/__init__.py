"""From evidence to causes: the catalogue, one cause per file."""
