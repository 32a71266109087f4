def merge_heads(x):
    *lead, heads, m, d_h = x.shape
    return x.transpose(-2, -3).view(*lead, m, heads * d_h)
