torch.manual_seed(1)


def causal_self_attention(x, w_q, w_k, w_v, w_o, heads):
    m, d = x.shape[-2:]
    q, k, v = ((x @ w).unflatten(-1, (heads, d // heads)).transpose(-2, -3) for w in (w_q, w_k, w_v))
    scores = q @ k.transpose(-1, -2) / (d // heads) ** 0.5
    scores = scores.masked_fill(torch.ones(m, m, dtype=torch.bool).triu(1), float("-inf"))
    weights = F.dropout(torch.softmax(scores, -1), 0.1)
    return (weights @ v).transpose(-2, -3).flatten(-2) @ w_o
