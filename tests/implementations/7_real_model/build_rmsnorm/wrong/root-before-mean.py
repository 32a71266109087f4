class RootMeanSquare:
    def __init__(self, weight, eps):
        self.weight = weight
        self.eps = eps

    def __call__(self, x):
        z = x.float()
        size = z.norm(dim=-1, keepdim=True) / x.shape[-1]
        return (z / (size.square() + self.eps).sqrt() * self.weight).to(x.dtype)

def build_rmsnorm(weight, eps):
    return RootMeanSquare(weight, eps)
