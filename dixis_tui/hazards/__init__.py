"""What a pending file will do to a live database: rules on its syntax tree, squawk's, and live sizes."""
