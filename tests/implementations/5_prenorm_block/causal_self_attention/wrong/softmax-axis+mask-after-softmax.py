def causal_self_attention(x, w_q, w_k, w_v, w_o, heads):
    *lead, m, d = x.shape
    d_h = d // heads

    def split(t):
        return t.reshape(*lead, m, heads, d_h).transpose(-2, -3)

    q, k, v = split(x @ w_q), split(x @ w_k), split(x @ w_v)
    scores = q @ k.transpose(-1, -2) / d_h**0.5
    future = torch.triu(torch.ones(m, m, dtype=torch.bool, device=x.device), diagonal=1)
    weights = torch.softmax(scores, dim=-2).masked_fill(future, 0.0)
    heads_out = (weights @ v).transpose(-2, -3).reshape(*lead, m, d)
    return heads_out @ w_o
