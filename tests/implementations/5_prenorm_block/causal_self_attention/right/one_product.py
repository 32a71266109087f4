def causal_self_attention(x: torch.Tensor, w_q: torch.Tensor, w_k, w_v, w_o, heads: int) -> torch.Tensor:
    m, d = x.shape[-2], x.shape[-1]
    qkv = x @ torch.cat((w_q, w_k, w_v), dim=1)
    q, k, v = qkv.unflatten(-1, (3, heads, d // heads)).movedim(-3, 0).transpose(-2, -3)
    idx = torch.arange(m)
    keep = idx[None, :] <= idx[:, None]
    logits = (q * (d // heads) ** -0.5) @ k.mT
    logits = torch.where(keep, logits, -1e9)
    logits = logits - logits.logsumexp(-1, keepdim=True)
    return (logits.exp() @ v).transpose(-2, -3).reshape(x.shape) @ w_o
