"""How `dixis-tui lint` says what it found: text, JSON, GitHub annotations, SARIF."""
