"""The leak zoo: small real services with a known answer, and what Oakum says of each. ``python -m lab.zoo``."""
