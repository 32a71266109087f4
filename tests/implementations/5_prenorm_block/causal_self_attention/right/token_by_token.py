def causal_self_attention(x, w_q, w_k, w_v, w_o, heads):
    d = x.shape[-1]
    size = d // heads
    q, k, v = x @ w_q, x @ w_k, x @ w_v
    rows = []
    for i in range(x.shape[-2]):
        parts = []
        for h in range(heads):
            columns = slice(h * size, (h + 1) * size)
            scores = (q[..., i : i + 1, columns] * k[..., : i + 1, columns]).sum(-1) / size**0.5
            weights = torch.softmax(scores, dim=-1)
            parts.append((weights.unsqueeze(-1) * v[..., : i + 1, columns]).sum(-2))
        rows.append(torch.cat(parts, dim=-1))
    return torch.stack(rows, dim=-2) @ w_o
