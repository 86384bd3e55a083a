"""The data set of the recipe that this project started from: its programs, and how many of its traces are true."""
