"""Public API as users write it; type-checked, never run."""

from oakum.model.units import format_size, parse_size

size: int = parse_size("512MiB")
text: str = format_size(size)
