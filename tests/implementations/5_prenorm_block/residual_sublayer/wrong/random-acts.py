torch.manual_seed(1)


def residual_sublayer(placement, branch, norm, output_norm=None, alpha=1.0):
    def run(x):
        F_ = lambda x: F.dropout(branch(x), 0.2)
        if placement == "pre":
            return x + F_(norm(x))
        if placement == "post":
            return norm(x + F_(x))
        if placement == "deepnorm":
            return norm(alpha * x + F_(x))
        if placement == "res-post":
            return x + norm(F_(x))
        return x + output_norm(F_(norm(x)))

    return run
