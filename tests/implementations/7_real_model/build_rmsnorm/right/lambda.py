def build_rmsnorm(weight, eps):
    return lambda x: (x.double() / (x.double() ** 2).mean(-1, keepdim=True).add(eps).sqrt() * weight).to(x.dtype)
