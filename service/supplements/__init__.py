"""Council-held lists, and what is to be resolved between schools and lists."""
