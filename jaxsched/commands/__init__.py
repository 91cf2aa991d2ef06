"""`python -m jaxsched`: a file for each command, and the parser of their arguments."""
