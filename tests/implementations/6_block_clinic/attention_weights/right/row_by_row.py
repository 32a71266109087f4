def attention_weights(scores):
    rows = [F.pad(scores[..., i, : i + 1].softmax(-1), (0, scores.shape[-1] - i - 1)) for i in range(scores.shape[-1])]
    return torch.stack(rows, dim=-2)
