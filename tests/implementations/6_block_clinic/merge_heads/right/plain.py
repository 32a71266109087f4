def merge_heads(x):
    *lead, heads, m, d_h = x.shape
    return x.transpose(-2, -3).reshape(*lead, m, heads * d_h)
