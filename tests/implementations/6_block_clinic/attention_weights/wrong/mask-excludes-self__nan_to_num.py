def attention_weights(scores):
    m = scores.shape[-1]
    future = torch.ones(m, m, dtype=torch.bool).triu()
    return torch.softmax(scores.masked_fill(future, float("-inf")), dim=-1).nan_to_num()
