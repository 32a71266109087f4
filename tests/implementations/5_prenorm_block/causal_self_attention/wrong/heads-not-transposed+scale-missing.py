def causal_self_attention(x, w_q, w_k, w_v, w_o, heads):
    *lead, m, d = x.shape
    q, k, v = ((x @ w).reshape(*lead, heads, m, d // heads) for w in (w_q, w_k, w_v))
    scores = (q @ k.transpose(-2, -1)).masked_fill(torch.triu(torch.ones(m, m), diagonal=1).bool(), -torch.inf)
    return (scores.softmax(-1) @ v).reshape(*lead, m, d) @ w_o
