def attention_weights(scores):
    m = scores.shape[-1]
    future = torch.ones(m, m, dtype=torch.bool, device=scores.device).triu(1)
    return torch.softmax(scores, dim=-1).masked_fill(future, float("-inf"))
