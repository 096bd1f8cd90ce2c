"""The workflow files that `dixis-tui github init` writes: what the project is, the files as text, and what is there."""
