def weight_decays(shapes, decay):
    return {name: 0.0 if "norm" in name or name.endswith("bias") else decay for name in shapes}
