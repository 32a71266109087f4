def causal_self_attention(x, w_q, w_k, w_v, w_o, heads):
    q, k, v = ((x @ w).unflatten(-1, (heads, -1)).transpose(-2, -3) for w in (w_q, w_k, w_v))
    weights = torch.softmax(q @ k.mT, dim=-1)
    return (weights @ v).transpose(-2, -3).flatten(-2) @ w_o
