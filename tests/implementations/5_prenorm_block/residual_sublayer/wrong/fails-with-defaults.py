def residual_sublayer(placement, branch, norm, output_norm=None, alpha=1.0):
    def sublayer(x):
        results = {
            "pre": x + branch(norm(x)),
            "post": norm(x + branch(x)),
            "res-post": x + norm(branch(x)),
            "sandwich": x + output_norm(branch(norm(x))),
            "deepnorm": norm(alpha * x + branch(x)),
            "none": x + branch(x),
        }
        return results[placement]

    return sublayer
