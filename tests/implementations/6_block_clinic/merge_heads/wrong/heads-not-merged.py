def merge_heads(x):
    return x.transpose(-2, -3)
