"""By which names a norm of somebody else's can be called: what a submission that writes its own may not use."""

# libraries that have norms, or the parts of one, besides PyTorch
LIBRARIES = ("tensorflow", "keras", "jax", "flax", "scipy", "sklearn", "cupy", "mxnet", "onnx", "onnxruntime")

# PyTorch's functions and classes
NORMS = frozenset(
    name
    for kind in ("layer_norm", "rms_norm", "group_norm", "batch_norm", "instance_norm")
    for name in (
        kind,
        f"native_{kind}",
        f"_native_{kind}",
        f"native_{kind}_backward",
        f"_fused_{kind}",
        f"fused_{kind}",
    )
) | {
    "LayerNorm",
    "RMSNorm",
    "GroupNorm",
    "BatchNorm1d",
    "BatchNorm2d",
    "BatchNorm3d",
    "InstanceNorm1d",
    "InstanceNorm2d",
    "InstanceNorm3d",
    "LocalResponseNorm",
    "local_response_norm",
    "CrossMapLRN2d",
    "SyncBatchNorm",
    "LazyBatchNorm1d",
    "LazyInstanceNorm1d",
    "_normalize",
    "normalize",
}

# the operators that those end in
OPERATORS = (
    "native_layer_norm",
    "native_layer_norm_backward",
    "layer_norm",
    "rms_norm",
    "_fused_rms_norm",
    "_fused_rms_norm_backward",
    "group_norm",
    "native_group_norm",
    "native_group_norm_backward",
    "instance_norm",
    "batch_norm",
    "native_batch_norm",
    "native_batch_norm_backward",
    "_native_batch_norm_legit",
    "_native_batch_norm_legit_no_training",
    "_batch_norm_impl_index",
    "_batch_norm_with_update",
    "_batch_norm_no_update",
    "batch_norm_stats",
    "batch_norm_elemt",
)
