import torch


def attention_weights(scores):
    m = scores.shape[-1]
    future = torch.ones(m, m).triu(1)
    return torch.softmax(scores + future * float("-inf"), dim=-1)
