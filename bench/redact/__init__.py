"""What redacting a dump costs."""
