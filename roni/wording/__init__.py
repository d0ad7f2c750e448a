"""What is said of pupils: short texts for all of them at once, and the facts that they rest on."""
