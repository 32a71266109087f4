def causal_self_attention(x, w_q, w_k, w_v, w_o, heads):
    m, d = x.shape[-2:]
    q, k, v = ((x @ w).unflatten(-1, (heads, d // heads)) for w in (w_q, w_k, w_v))
    scores = torch.einsum("...ihc,...jhc->...hij", q, k) * (d // heads) ** -0.5
    mask = torch.full((m, m), float("-inf")).triu(1)
    weights = F.softmax(scores + mask, dim=-1)
    return torch.einsum("...hij,...jhc->...ihc", weights, v).flatten(-2) @ w_o
