import torch, math


def causal_self_attention(x, w_q, w_k, w_v, w_o, heads):
    m, d = x.shape[-2:]
    w = [t.reshape(d, heads, d // heads) for t in (w_q, w_k, w_v)]
    q, k, v = (torch.einsum("...md,dhe->...hme", x, t) for t in w)
    s = torch.einsum("...hie,...hje->...hij", q, k).div(math.sqrt(d // heads))
    a = s.masked_fill(~torch.tril(torch.ones(m, m)).bool(), float("-inf")).log_softmax(-1).exp()
    return torch.einsum("...hij,...hje,hef->...if", a, v, w_o.reshape(heads, d // heads, d))
