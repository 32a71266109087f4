def attention_weights(scores):
    mask = torch.full_like(scores, -torch.inf).triu(1)
    return F.log_softmax(scores + mask, -1).exp()
