def causal_self_attention(x, w_q, w_k, w_v, w_o, heads):
    *batch, tokens, width = x.shape

    def attend(q, k, v):
        logits = q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5
        return torch.softmax(logits + torch.ones(tokens, tokens, dtype=x.dtype).tril().log(), -1) @ v

    parts = [attend(q, k, v) for q, k, v in zip(*((x @ w).tensor_split(heads, -1) for w in (w_q, w_k, w_v)))]
    return torch.concat(parts, -1) @ w_o
