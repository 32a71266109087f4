def residual_sublayer(placement, branch, norm, output_norm=None, alpha=1.0):
    def forward(x):
        if placement == "pre":
            return x + branch(norm(x))
        if placement == "post":
            return norm(x + branch(x))
        if placement == "res-post":
            return x + norm(branch(x))
        if placement == "sandwich":
            return norm(branch(output_norm(x)))
        if placement == "deepnorm":
            return norm(alpha * x + branch(x))
        return x + branch(x)

    return forward
