"""Finds bytes that a reader of heap dumps answers with anything but a value or a data error."""
