import torch


def attention_weights(scores):
    m = scores.shape[-1]
    future = torch.ones(m, m, dtype=torch.bool).tril(-1)
    return torch.softmax(scores.masked_fill(future, float("-inf")), dim=-1)
