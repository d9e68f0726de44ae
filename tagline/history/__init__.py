"""What was known of the past: declared once, computed point in time."""
