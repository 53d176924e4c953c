"""Does it leak? Arrays in, a verdict out."""
