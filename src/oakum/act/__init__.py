"""Plans: made, approved, applied, taken back. Nothing changes that was not shown and approved."""
