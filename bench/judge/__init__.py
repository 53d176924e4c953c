"""The bench of the judge: generated and real series, replayed online, scored beside published methods."""
