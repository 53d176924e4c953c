"""The report: tables in docs/bench-judge.md and plots beside it, one section per source of series."""
