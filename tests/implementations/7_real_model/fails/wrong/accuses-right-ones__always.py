def fails(norm):
    return True
