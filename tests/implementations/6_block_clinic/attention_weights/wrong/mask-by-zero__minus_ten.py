import torch


def attention_weights(scores):
    m = scores.shape[-1]
    future = torch.ones(m, m, dtype=torch.bool).triu(1)
    return torch.softmax(scores.masked_fill(future, -10.0), dim=-1)
