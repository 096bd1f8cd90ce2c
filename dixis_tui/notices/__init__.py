"""What a run has to say to people: templates in Greek and English, and the channels that they go by."""
