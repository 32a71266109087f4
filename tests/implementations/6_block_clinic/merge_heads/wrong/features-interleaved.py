def merge_heads(x):
    *lead, heads, m, d_h = x.shape
    return x.movedim(-3, -1).reshape(*lead, m, heads * d_h)
