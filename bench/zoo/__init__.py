"""The leak zoo as a measurement: how often Oakum names what leaks, and says nothing of what does not."""
