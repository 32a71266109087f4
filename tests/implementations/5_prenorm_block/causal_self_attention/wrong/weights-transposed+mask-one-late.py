def causal_self_attention(x, w_q, w_k, w_v, w_o, heads):
    *lead, m, d = x.shape
    d_h = d // heads
    q, k, v = (F.linear(x, w).view(*lead, m, heads, d_h).transpose(-3, -2) for w in (w_q, w_k, w_v))
    scores = q @ k.mT / d_h**0.5 + torch.full((m, m), float("-inf")).triu(2)
    out = (F.softmax(scores, dim=-1) @ v).transpose(-3, -2).reshape(x.shape)
    return F.linear(out, w_o)
