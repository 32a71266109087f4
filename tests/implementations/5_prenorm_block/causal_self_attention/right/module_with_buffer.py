class _Attention(nn.Module):
    def __init__(self, heads: int, block_size: int = 256):
        super().__init__()
        self.heads = heads
        self.register_buffer("mask", torch.tril(torch.ones(block_size, block_size)))

    def forward(self, x, w_q, w_k, w_v, w_o):
        *lead, t, c = x.size()
        hs = c // self.heads
        q, k, v = (torch.movedim((x @ w).reshape(*lead, t, self.heads, hs), -2, -3) for w in (w_q, w_k, w_v))
        att = torch.einsum("...ic,...jc->...ij", q, k).div(hs**0.5)
        att = att.masked_fill(self.mask[:t, :t].eq(0), float("-inf")).softmax(-1)
        return torch.movedim(att @ v, -3, -2).flatten(start_dim=-2) @ w_o


def causal_self_attention(x, w_q, w_k, w_v, w_o, heads):
    return _Attention(heads)(x, w_q, w_k, w_v, w_o)
