"""Series from this machine and from files."""
