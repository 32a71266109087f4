import math

def causal_self_attention(x, w_q, w_k, w_v, w_o, heads):
    m = x.shape[-2]
    allowed = torch.tril(torch.ones(m, m)).bool()
    results = []
    for q, k, v in zip((x @ w_q).chunk(heads, -1), (x @ w_k).chunk(heads, -1), (x @ w_v).chunk(heads, -1)):
        scores = q @ k.mT / math.sqrt(q.shape[-1])
        scores = torch.where(allowed, scores, torch.tensor(-math.inf, dtype=scores.dtype))
        results.append(scores.softmax(-1) @ v)
    return torch.cat(results, dim=-1) @ w_o
