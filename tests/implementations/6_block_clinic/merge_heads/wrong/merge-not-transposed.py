def merge_heads(x):
    *lead, heads, m, d_h = x.shape
    return x.reshape(*lead, m, heads * d_h)
