import torch


def causal_self_attention(x, w_q, w_k, w_v, w_o, heads):
    *lead, m, d = x.shape
    d_h = d // heads

    def split(t):
        return t.reshape(*lead, m, d_h, heads).movedim(-1, -3)

    q, k, v = split(x @ w_q), split(x @ w_k), split(x @ w_v)
    scores = q @ k.transpose(-1, -2) / d_h**0.5
    scores = scores.masked_fill(torch.ones(m, m, dtype=torch.bool).triu(1), float("-inf"))
    weights = torch.softmax(scores, dim=-1)
    return (weights @ v).transpose(-2, -3).reshape(*lead, m, d) @ w_o
