"""Programs in C, C++ and Rust: malloc's chunks, C++ objects, and what no pointer leads to."""
