def causal_self_attention(x, w_q, w_k, w_v, w_o, heads):
    m, d = x.shape[-2:]
    d_h = d // heads
    by_head = lambda w: w.reshape(d, heads, d_h).permute(1, 0, 2)
    causal = torch.ones(m, m, dtype=torch.bool).tril()

    def one(wq, wk, wv):
        s = (x @ wq) @ (x @ wk).transpose(-1, -2) / d_h**0.5
        return torch.softmax(torch.where(causal, s, -torch.inf), -1) @ (x @ wv)

    y = torch.vmap(one)(by_head(w_q), by_head(w_k), by_head(w_v))
    return torch.einsum("h...mc,hcd->...md", y, w_o.reshape(heads, d_h, d))
