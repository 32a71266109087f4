class Norm:
    def __init__(self, weight, bias, eps):
        self.weight, self.bias, self.eps = weight, bias, eps

    def __call__(self, x):
        variance, mean = torch.var_mean(x.double(), -1, correction=0, keepdim=True)
        mean = x.double().mean()
        return ((x.double() - mean) / torch.sqrt(variance + self.eps) * self.weight + self.bias).to(x.dtype)

def build_layernorm(weight, bias, eps):
    return Norm(weight, bias, eps)
