def attention_weights(scores):
    m = scores.shape[-1]
    mask = torch.full((m, m), float("-inf"), dtype=scores.dtype).triu(1)
    return F.softmax(scores + mask, dim=-1)
