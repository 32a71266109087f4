def causal_self_attention(x, w_q, w_k, w_v, w_o, heads):
    m, d = x.shape[-2:]
    bias = torch.zeros(m, m, dtype=x.dtype)
    bias[torch.triu_indices(m, m, 1).unbind()] = float("-inf")
    y = 0
    for w1, w2, w3, w4 in zip(w_q.split(d // heads, 1), w_k.split(d // heads, 1), w_v.split(d // heads, 1), w_o.split(d // heads, 0)):
        a = torch.softmax(x @ w1 @ (x @ w2).transpose(-1, -2) / (d / heads) ** 0.5 + bias, -1)
        y = y + a @ (x @ w3) @ w4
    return y
