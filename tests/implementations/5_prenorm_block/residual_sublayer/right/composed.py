def residual_sublayer(placement, branch, norm, output_norm=None, alpha=1.0):
    identity = nn.Identity()
    before = norm if placement in {"pre", "sandwich"} else identity
    leave = {"res-post": norm, "sandwich": output_norm}.get(placement, identity)
    after = norm if placement in {"post", "deepnorm"} else identity
    weight = alpha if placement == "deepnorm" else 1.0

    class Sublayer(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return after(torch.add(leave(branch(before(x))), x, alpha=weight))

    return Sublayer()
