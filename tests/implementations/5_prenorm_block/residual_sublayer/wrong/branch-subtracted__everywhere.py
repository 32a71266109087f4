def identity(x):
    return x

def residual_sublayer(placement, branch, norm, output_norm=None, alpha=1.0):
    """Every placement is after(scale * x + exit(branch(entry(x))))."""
    entry = norm if placement in ("pre", "sandwich") else identity
    leave = {"res-post": norm, "sandwich": output_norm}.get(placement, identity)
    after = norm if placement in ("post", "deepnorm") else identity
    scale = alpha if placement == "deepnorm" else 1.0
    return lambda x: after(scale * x - leave(branch(entry(x))))
