def causal_self_attention(x, w_q, w_k, w_v, w_o, heads):
    shape = x.shape
    m, d = shape[-2:]
    x = x.reshape(-1, m, d)
    b, d_h = len(x), d // heads
    heads_first = lambda t: t.reshape(b, m, heads, d_h).permute(0, 2, 1, 3).reshape(b * heads, m, d_h)
    q, k, v = heads_first(x @ w_q), heads_first(x @ w_k), heads_first(x @ w_v)
    bias = torch.full((1, m, m), float("-inf"), dtype=x.dtype).triu(1)
    scores = torch.baddbmm(bias, q, k.transpose(1, 2), alpha=d_h**-0.5)
    y = torch.bmm(torch.softmax(scores, -1), v).reshape(b, heads, m, d_h).permute(0, 2, 1, 3)
    return y.reshape(shape) @ w_o
