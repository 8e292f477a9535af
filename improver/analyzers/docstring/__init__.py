"""What the docstrings analyzer is made of: facts, conditions, English, and the text itself."""
