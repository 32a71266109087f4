import torch


def parts(x, w_q, w_k, w_v, heads):
    *lead, m, d = x.shape
    d_h = d // heads

    def split(t):
        return t.reshape(*lead, m, heads, d_h).transpose(-2, -3)
    return (lead, m, d, d_h, split(x @ w_q), split(x @ w_k), split(x @ w_v))


def join(o, lead, m, d):
    return o.transpose(-2, -3).reshape(*lead, m, d)


def causal_self_attention(x, w_q, w_k, w_v, w_o, heads):
    lead, m, d, d_h, q, k, v = parts(x, w_q, w_k, w_v, heads)
    q = q * d_h ** (-0.5)
    top = torch.full(q.shape[:-1] + (1,), -torch.inf, dtype=x.dtype)
    total = torch.zeros_like(top)
    acc = torch.zeros_like(v)
    for j in range(m):
        s = (q * k[..., j:j + 1, :]).sum(-1, keepdim=True)
        s = torch.where((torch.arange(m) < j)[:, None], -torch.inf, s)
        new = torch.maximum(top, s)
        safe = torch.where(new.isinf(), 0.0, new)
        old = torch.where(top.isinf(), 0.0, (top - safe).exp())
        p = (s - safe).exp()
        total = total * old + p
        acc = acc * old + p * v[..., j:j + 1, :]
        top = new
    return join(acc / total, lead, m, d) @ w_o
