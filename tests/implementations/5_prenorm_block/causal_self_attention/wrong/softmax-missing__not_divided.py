def causal_self_attention(x, w_q, w_k, w_v, w_o, heads):
    shape = x.shape
    m, d = shape[-2:]
    x = x.reshape(-1, m, d)
    B = x.shape[0]
    q = (x @ w_q).view(B, m, heads, d // heads).permute(0, 2, 1, 3)
    k = (x @ w_k).view(B, m, heads, d // heads).permute(0, 2, 3, 1)
    v = (x @ w_v).view(B, m, heads, d // heads).permute(0, 2, 1, 3)
    s = torch.matmul(q, k) * (d / heads) ** -0.5
    s = s.masked_fill(torch.arange(m)[:, None] < torch.arange(m)[None, :], -1e30)
    e = torch.exp(s - s.amax(dim=-1, keepdim=True))
    y = torch.matmul(e, v).permute(0, 2, 1, 3).reshape(B, m, d)
    return torch.matmul(y, w_o).reshape(shape)
