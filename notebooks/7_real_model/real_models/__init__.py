"""Pretrained transformers in plain PyTorch, with every norm exchangeable.

``norms``     builds a norm from its weights: the library's or a student's; listens to what a norm is given
``places``    where a norm stands: before, after, or on the way
``packages``  finds weights that Python packages carry, without importing those packages
``minilm``    a sentence encoder (BERT, post-norm, 13 LayerNorms)
``smollm2``   a language model (LLaMA-like, pre-norm, 61 RMSNorms)
``gpt2``      GPT-2 from a safetensors file of your own
``texts``     the sentences and passages that the experiments measure on

A *builder* is a function ``build_norm(kind, weight, bias, eps) -> callable``; ``kind`` is "layer" or "rms", and
``bias`` is None for "rms". The callable maps activations (..., d) to activations of the same shape.
"""
