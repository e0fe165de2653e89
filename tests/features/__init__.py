"""What the feature list and the task say, row by row, where no test of a subject shows it."""
