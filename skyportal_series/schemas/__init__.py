"""What comes in and what goes out, each described once."""
