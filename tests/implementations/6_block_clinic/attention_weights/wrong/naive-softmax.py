def attention_weights(scores):
    m = scores.shape[-1]
    future = torch.ones(m, m, dtype=torch.bool, device=scores.device).triu(1)
    w = torch.exp(scores.masked_fill(future, float("-inf")))
    return w / w.sum(-1, keepdim=True)
