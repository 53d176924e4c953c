"""The heap engine on dumps of our own leaking programs, beside its peers."""
