"""The judge of the course: runs student code on one side of a pipe, judges it on the other."""
