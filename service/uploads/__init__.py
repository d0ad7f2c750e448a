"""A school's file: staged, answered, corrected, confirmed as its roll."""
