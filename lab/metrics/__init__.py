"""A cluster's metrics, planted, and real servers that tell of them."""
