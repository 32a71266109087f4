"""Where the tokens of two pretrained models lie: features, spread, mean. In brief, from ``real_model_norms``; for a figure."""

from experiments import stored
from experiments.norm_unit_cases import TOLERANCE
from experiments.real_models import minilm, smollm2
from experiments.real_models.packages import ALL as NEEDS  # noqa: F401  (the tests skip where one of these is missing)

SEED = 0  # nothing is drawn


def run(quick: bool) -> dict:
    inside = stored.load("real_model_norms")["result"]

    def model(name: str, features: int) -> dict:
        """spread: smallest and largest square root of what ε is added to. mean: the largest, in units of that root."""
        places = inside[name].values()
        spread = [min(p["scale_min"] for p in places), max(p["scale_max"] for p in places)]
        return {"features": features, "spread": spread, "mean": max(p["mean_over_scale_max"] for p in places)}

    return {
        "tolerance": TOLERANCE,
        "models": {
            "MiniLM": model("minilm", len(minilm.load().weights["embeddings.LayerNorm.weight"])),
            "SmolLM2": model("smollm2", int(smollm2.open_file().fields["llama.embedding_length"].contents())),
        },
    }


def agrees(stored: dict, quick: dict) -> None:
    assert quick == stored
