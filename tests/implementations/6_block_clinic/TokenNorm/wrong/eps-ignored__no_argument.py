class TokenNorm(nn.LayerNorm):
    def __init__(self, d):
        super().__init__(d, eps=1e-5)
