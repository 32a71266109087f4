"""Record what every norm of the two pretrained models is given: ``python -m tests.recorded_activations``.

Writes ``activations.npz`` of the topic ``7_real_model``. Needs the packages of
``requirements-models.txt``.
"""

import sys
from pathlib import Path

import numpy as np
import torch

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "book"))
from experiments.real_models import minilm, smollm2  # noqa: E402
from experiments.real_models.norms import library_norm, listening  # noqa: E402

FILE = ROOT / "autograder" / "exercises" / "7_real_model" / "activations.npz"
SENTENCES = [
    "The ferry had left, so we walked along the harbour and counted the gulls.",
    "A recipe for bread that needs no kneading, only patience.",
]
TEXT = "When the clock in the old hall struck nine, nobody moved; the storm had taken the bridge"
TOKENS = 10


def record() -> dict[str, np.ndarray]:
    """Return the arrays of the file. Activations of SmolLM2 are rounded to float16."""
    heard: dict[str, torch.Tensor] = {}
    model = minilm.load()
    norms = listening(minilm.norms(model, library_norm), heard.__setitem__)
    minilm.embed(model, norms, SENTENCES)
    weights: dict[str, tuple] = {}
    minilm.norms(model, lambda kind, weight, bias, eps: weights.setdefault(len(weights), (weight, bias)))
    found = {
        "minilm_x": np.stack([x.reshape(-1, x.shape[-1])[:TOKENS].numpy() for x in heard.values()]),
        "minilm_weight": np.stack([w.numpy() for w, _ in weights.values()]),
        "minilm_bias": np.stack([b.numpy() for _, b in weights.values()]),
    }
    heard, weights = {}, {}
    model = smollm2.load()
    norms = listening(smollm2.norms(model, library_norm), heard.__setitem__)
    smollm2.surprise(model, norms, TEXT)
    smollm2.norms(model, lambda kind, weight, bias, eps: weights.setdefault(len(weights), (weight,)))
    # The first token carries the massive activation.
    found["smollm2_x"] = np.stack([x.reshape(-1, x.shape[-1])[: TOKENS - 4].numpy().astype("float16") for x in heard.values()])
    found["smollm2_weight"] = np.stack([w.numpy() for (w,) in weights.values()])
    return found


if __name__ == "__main__":
    np.savez_compressed(FILE, **record())
    print(f"{FILE}: {FILE.stat().st_size / 2**20:.1f} MiB")
