import torch


def parts(x, w_q, w_k, w_v, heads):
    *lead, m, d = x.shape
    d_h = d // heads

    def split(t):
        return t.reshape(*lead, m, heads, d_h).transpose(-2, -3)
    return (lead, m, d, d_h, split(x @ w_q), split(x @ w_k), split(x @ w_v))


def join(o, lead, m, d):
    return o.transpose(-2, -3).reshape(*lead, m, d)


def future(m):
    return torch.ones(m, m, dtype=torch.bool).triu(1)


def causal_self_attention(x, w_q, w_k, w_v, w_o, heads):
    lead, m, d, d_h, q, k, v = parts(x, w_q, w_k, w_v, heads)
    s = (q @ k.mT / d_h ** 0.5).masked_fill(future(m), -torch.inf)
    e = (s - s.max()).exp()
    e = e / e.sum(-1, keepdim=True)
    return join(e @ v, lead, m, d) @ w_o
