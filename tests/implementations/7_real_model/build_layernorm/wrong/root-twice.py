class Norm:
    def __init__(self, weight, bias, eps):
        self.weight, self.bias, self.eps = weight, bias, eps

    def __call__(self, x):
        deviation, mean = torch.std_mean(x.double(), -1, correction=0, keepdim=True)
        return ((x.double() - mean) / torch.sqrt(deviation + self.eps) * self.weight + self.bias).to(x.dtype)

def build_layernorm(weight, bias, eps):
    return Norm(weight, bias, eps)
