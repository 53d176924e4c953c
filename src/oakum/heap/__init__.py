"""What is in a heap, and who holds it. Buffers in, arrays out."""
