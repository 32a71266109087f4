def causal_self_attention(x, w_q, w_k, w_v, w_o, heads):
    *lead, m, d = x.shape
    q = k = v = (x @ w_q).reshape(*lead, m, heads, d // heads).transpose(-2, -3)
    later = torch.ones(m, m, dtype=torch.bool, device=x.device).triu(1)
    scores = (q @ k.mT / (d // heads) ** 0.5).masked_fill(later, float("-inf"))
    return (scores.softmax(-1) @ v).transpose(-2, -3).reshape(*lead, m, d) @ w_o
