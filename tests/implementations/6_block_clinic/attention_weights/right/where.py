def attention_weights(scores):
    m = scores.shape[-1]
    future = torch.ones(m, m, dtype=torch.bool, device=scores.device).triu(1)
    return torch.where(future, torch.tensor(float("-inf"), dtype=scores.dtype), scores).softmax(-1)
