"""What other systems read, and what builds it."""
