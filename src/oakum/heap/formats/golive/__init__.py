"""A running Go program's own structures, as they stand in its memory: goroutines, spans, what variables lead to."""
