def merge_heads(x):
    *lead, heads, m, d_h = x.shape
    return x.transpose(1, 2).reshape(*lead, m, heads * d_h)
