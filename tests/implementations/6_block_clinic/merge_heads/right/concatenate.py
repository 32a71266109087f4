def merge_heads(x):
    return torch.cat(list(x.unbind(-3)), dim=-1)
