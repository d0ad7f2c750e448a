"""Models and scorecards: the shelf, promotion, trying one beside the live one, extracts."""
