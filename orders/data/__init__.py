"""Reference data that is shipped with the program, and what builds it."""
