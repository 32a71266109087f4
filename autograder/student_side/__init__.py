"""What runs beside student code. Nothing here imports the rest of ``autograder``."""
