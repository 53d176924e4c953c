"""Benches: fixed sizes, fixed seeds, figures that the docs may name."""
