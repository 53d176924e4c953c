"""Reads the environment and oakum.toml once, builds the adapters; no logic."""
