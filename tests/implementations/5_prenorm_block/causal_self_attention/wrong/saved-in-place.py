def causal_self_attention(x, w_q, w_k, w_v, w_o, heads):
    *lead, m, d = x.shape
    sp = lambda t: t.unflatten(-1, (heads, -1)).transpose(-2, -3)
    q, k, v = sp(x @ w_q), sp(x @ w_k), sp(x @ w_v)
    q *= q.shape[-1] ** -0.5
    s = q @ k.mT
    s[..., torch.ones(m, m, dtype=torch.bool).triu(1)] = -torch.inf
    s -= s.amax(-1, keepdim=True)
    s.exp_()
    s /= s.sum(-1, keepdim=True)
    return (s @ v).transpose(-2, -3).flatten(-2) @ w_o
