"""The nouns that every floor shares: values, ports, policy, units and errors."""
