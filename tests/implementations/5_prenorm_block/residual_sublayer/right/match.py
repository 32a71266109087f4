def residual_sublayer(placement, branch, norm, output_norm=None, alpha=1.0):
    def forward(x):
        match placement:
            case "pre":
                return x + branch(norm(x))
            case "post" | "deepnorm":
                scale = alpha if placement == "deepnorm" else 1
                return norm(scale * x + branch(x))
            case "res-post":
                return x + norm(branch(x))
            case "sandwich":
                return x + output_norm(branch(norm(x)))
            case "none":
                return x + branch(x)
            case _:
                raise ValueError(f"unknown placement {placement!r}")
    return forward
