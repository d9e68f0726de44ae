"""What one machine runs when: the flows of a case, by the cron lines of its config."""
