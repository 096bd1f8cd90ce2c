"""What pending files will do to a database: our rules on the syntax tree, and squawk's findings in our words."""
