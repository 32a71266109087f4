def build_rmsnorm(weight, eps):
    def rmsnorm(x):
        return torch.nn.functional.rms_norm(x.float(), weight.shape, weight, eps).to(x.dtype)

    return rmsnorm
