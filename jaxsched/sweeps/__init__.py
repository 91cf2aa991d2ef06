"""A model for each of many schedules, in one program, and what they come to."""
