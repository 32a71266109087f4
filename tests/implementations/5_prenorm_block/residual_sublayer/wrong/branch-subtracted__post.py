def residual_sublayer(placement, branch, norm, output_norm=None, alpha=1.0):
    def apply(x):
        if placement == "pre":
            return x + branch(norm(x))
        if placement == "post":
            return norm(x - branch(x))
        if placement == "res-post":
            return x + norm(branch(x))
        if placement == "sandwich":
            return x + output_norm(branch(norm(x)))
        if placement == "deepnorm":
            return norm(alpha * x + branch(x))
        if placement == "none":
            return x + branch(x)
        raise ValueError(placement)

    return apply
