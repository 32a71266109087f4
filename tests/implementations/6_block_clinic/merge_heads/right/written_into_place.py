def merge_heads(x):
    *lead, heads, m, d_h = x.shape
    out = x.new_empty(*lead, m, heads * d_h)
    for h in range(heads):
        out[..., h * d_h : (h + 1) * d_h] = x[..., h, :, :]
    return out
