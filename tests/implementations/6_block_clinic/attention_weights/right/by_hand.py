def attention_weights(scores):
    m = scores.shape[-1]
    future = torch.ones(m, m, dtype=torch.bool, device=scores.device).triu(1)
    scores = scores.masked_fill(future, float("-inf"))
    raw = torch.exp(scores - scores.amax(dim=-1, keepdim=True))
    return raw / raw.sum(dim=-1, keepdim=True)
