torch.manual_seed(1)


class PreNormBlock(nn.Module):
    def __init__(self, attention, feed_forward, norm1, norm2):
        super().__init__()
        self.attention, self.feed_forward = attention, feed_forward
        self.norm1, self.norm2 = norm1, norm2

    def forward(self, x):
        x = x + F.dropout(self.attention(self.norm1(x)), 0.2)
        return x + F.dropout(self.feed_forward(self.norm2(x)), 0.2)
