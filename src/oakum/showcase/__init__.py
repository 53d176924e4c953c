"""The programs that the demo starts: a leaking service, its fixed twin, and the load on them."""
