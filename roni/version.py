"""Which version of roni this is: the one place that says so; packaging reads it from here."""

VERSION = "0.1.0"
