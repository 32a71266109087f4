"""Hidden side of ``5_prenorm_block``: references, cases, tolerances, checks and misconceptions.

Partial credit. Every exercise stands alone: the block gets its attention, its feed-forward network and its
norms from us, and the stack its blocks, so that a wrong attention costs nothing further on. Those parts are
modules of the course (``torch_side.STOCK``) with weights drawn here: a causal mean followed by a linear map
for attention, tanh of a linear map for the feed-forward network. Neither keeps the mean or the scale of what
it gets, or placements could not be told apart.

Tolerances. Everything runs in float64, where two ways to compute the same differ by 1e-12; allowed: 1e-6.
Constants that a student makes in float32 (a mask, a scale) leave 1e-7. GELU is allowed in its tanh form, which
is up to 5e-4 from the exact one, times weights: 5e-3. References of gradients are central differences of the
forward pass, good to 1e-8. In float32, scores of ten thousands are rounded by some 1e-3; where two of them are that
close, an output of about 100 is off by up to 0.02. Allowed: 0.3 + 1 %.
"""

from autograder.exercise import Topic
from autograder.student import Rules

from .causal_self_attention import CAUSAL_SELF_ATTENTION
from .feed_forward import FEED_FORWARD
from .pre_norm_block import PRE_NORM_BLOCK
from .quiz import QUIZ
from .residual_sublayer import RESIDUAL_SUBLAYER
from .transformer import TRANSFORMER

TOPIC = Topic(
    stem="5_prenorm_block",
    exercises=(CAUSAL_SELF_ATTENTION, FEED_FORWARD, PRE_NORM_BLOCK, TRANSFORMER, RESIDUAL_SUBLAYER),
    quiz=QUIZ,
    rules=Rules(
        forbidden=("tensorflow", "keras", "jax", "flax", "transformers", "xformers", "flash_attn", "einops"),
        libraries=("torch",),
        operators=(
            "scaled_dot_product_attention",
            "_scaled_dot_product_attention_math",
            "_scaled_dot_product_flash_attention_for_cpu",
            "_native_multi_head_attention",
            "_transformer_encoder_layer_fwd",
        ),
    ),
    prelude="import torch\nfrom torch import nn\nfrom torch.nn import functional as F",
)
