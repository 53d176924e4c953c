"""Is it really fixed? The gate of the policy, asked of what was seen since."""
