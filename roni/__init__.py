"""roni: risk-of-NEET lists for English schools and councils."""
