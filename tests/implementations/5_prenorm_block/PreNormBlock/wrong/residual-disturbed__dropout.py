class PreNormBlock(nn.Module):
    def __init__(self, attention, feed_forward, norm1, norm2):
        super().__init__()
        self.attention = attention
        self.feed_forward = feed_forward
        self.dropout = nn.Dropout(0.3)
        self.norm1 = norm1
        self.norm2 = norm2

    def forward(self, x):
        x = self.dropout(x) + self.attention(self.norm1(x))
        return self.dropout(x) + self.feed_forward(self.norm2(x))
