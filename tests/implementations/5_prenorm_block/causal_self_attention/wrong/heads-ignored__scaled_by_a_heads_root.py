def causal_self_attention(x, w_q, w_k, w_v, w_o, heads):
    m, d = x.shape[-2:]
    q, k, v = x @ w_q, x @ w_k, x @ w_v
    outs = []
    for h in range(heads):
        scores = q @ k.transpose(-1, -2) / (d // heads) ** 0.5
        scores = scores.masked_fill(torch.ones(m, m).triu(1).bool(), float("-inf"))
        outs.append((scores.softmax(-1) @ v)[..., h * (d // heads):(h + 1) * (d // heads)])
    return torch.cat(outs, -1) @ w_o
