def residual_sublayer(placement, branch, norm, output_norm=None, alpha=1.0):
    def forward(x):
        if placement in ("pre", "res-post"):
            return alpha * x + norm(branch(x))
        if placement == "sandwich":
            return alpha * x + output_norm(branch(norm(x)))
        if placement in ("post", "deepnorm"):
            return norm(alpha * x + branch(x))
        return alpha * x + branch(x)

    return forward
