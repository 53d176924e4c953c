"""What judging costs: thousands of generated series, one core and two, beside published methods on the same ones."""
