"""Journeys: each file hands one stage's result to the next."""
