"""A run on paper: HTML and Markdown from a journal."""
