"""Hidden side of ``6_block_clinic``: eleven blocks that run and are wrong, and what each should do.

Every incident is one exercise with two checks: *mended* tries what the report complains of, *intact* what worked
before and must go on working, with one case of the symptom: a block handed back as it came in earns nothing.

Tolerances. float64: 1e-6, as in ``5_prenorm_block``. float32 at an offset c: as in ``3_layernorm_backward``, the mean
of 64 features is off by up to ulp(64·c)/2 when added one after another: 0.05 at 1e4. bfloat16 keeps 8 bits: the
output may be rounded twice, 1 %. Statistics in bfloat16 round a mean of about 100 to multiples of 0.5, which is
a quarter of the spread drawn here.
"""

from autograder.exercise import Topic
from autograder.student import Rules

from .attention import ATTENTION_WEIGHTS, MERGE_HEADS
from .norms import FAST_LAYER_NORM, FUSED_LAYER_NORM, NARROW_LAYER_NORM, TOKEN_NORM
from .quiz import QUIZ
from .weight_decays import WEIGHT_DECAYS
from .whole_blocks import COMPACT_BLOCK, MIGRATED_MODEL, REFACTORED_BLOCK, SPECIFIED_BLOCK

TOPIC = Topic(
    stem="6_block_clinic",
    exercises=(
        MIGRATED_MODEL,
        REFACTORED_BLOCK,
        COMPACT_BLOCK,
        SPECIFIED_BLOCK,
        MERGE_HEADS,
        ATTENTION_WEIGHTS,
        FAST_LAYER_NORM,
        TOKEN_NORM,
        WEIGHT_DECAYS,
        NARROW_LAYER_NORM,
        FUSED_LAYER_NORM,
    ),
    quiz=QUIZ,
    rules=Rules(
        forbidden=("tensorflow", "keras", "jax", "flax", "transformers"),
        libraries=("torch",),
        operators=("scaled_dot_product_attention", "_native_multi_head_attention", "_transformer_encoder_layer_fwd"),
    ),
    prelude="import torch\nfrom torch import nn\nfrom torch.nn import functional as F",
)
