"""Readers: one folder per format, bytes in, a HeapGraph out."""
