class Sublayer(nn.Module):
    def __init__(self, placement, branch, norm, output_norm, alpha):
        super().__init__()
        self.placement, self.alpha = placement, alpha
        self.branch, self.norm, self.output_norm = branch, norm, output_norm

    def forward(self, x):
        match self.placement:
            case "pre":
                return x + self.branch(self.norm(x))
            case "post":
                return self.norm(x + self.branch(x))
            case "res-post":
                return x + self.norm(self.branch(x))
            case "sandwich":
                return x + self.output_norm(self.branch(self.norm(x)))
            case "deepnorm":
                return self.norm(self.alpha * x + self.branch(x))
            case "none":
                return x + self.branch(x)

def residual_sublayer(placement, branch, norm, output_norm=None, alpha=1.0):
    return Sublayer(placement, branch, norm, output_norm, alpha)
