import torch


def attention_weights(scores):
    m = scores.shape[-1]
    f = torch.ones(m, m, dtype=torch.bool).triu(1)
    w = scores.masked_fill(f, -10000.0).softmax(-1)
    return w
