def attention_weights(scores):
    m = scores.shape[-1]
    future = torch.ones(m, m, dtype=torch.bool, device=scores.device).triu(1)
    weights = torch.softmax(scores, dim=-1).masked_fill(future, 0.0)
    return weights + torch.diag_embed(1 - weights.sum(dim=-1))
