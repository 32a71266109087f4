def merge_heads(x):
    *lead, heads, m, d_h = x.shape
    return x.transpose(0, 1).reshape(*lead, m, heads * d_h)
