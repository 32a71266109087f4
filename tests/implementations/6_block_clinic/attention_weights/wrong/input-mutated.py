import torch


def attention_weights(scores):
    m = scores.shape[-1]
    scores.masked_fill_(torch.ones(m, m, dtype=torch.bool).triu(1), -torch.inf)
    return scores.softmax(-1)
