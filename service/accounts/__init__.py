"""People, their roles, sign-in, sessions and tokens."""
