def causal_self_attention(x, w_q, w_k, w_v, w_o, heads):
    *lead, m, d = x.shape
    d_h = d // heads

    def split(t):
        return t.reshape(*lead, m, heads, d_h).transpose(-2, -3)

    y = F.scaled_dot_product_attention(split(x @ w_q), split(x @ w_k), split(x @ w_v), is_causal=True)
    return y.transpose(-2, -3).reshape(*lead, m, d) @ w_o
