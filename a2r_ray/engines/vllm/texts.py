"""Texts as they come from an engine: with the marks of thinking in them, also where these are special tokens.

vLLM leaves special tokens out of a text, and with them where the thinking of gpt-oss, Magistral and others ends.
"""

import re
from typing import Any

from a2r_ray import thinking
from a2r_ray.engines import Request
from a2r_ray.engines.vllm.chats import Prompt


class Texts:
    """What is made of an engine's texts.

    Args:
        tokenizer: the model's.
    """

    def __init__(self, tokenizer: Any) -> None:
        added = getattr(tokenizer, "added_tokens_decoder", None) or {}
        self._special = {str(token) for token in added.values() if getattr(token, "special", False)}
        self._special |= {str(token) for token in getattr(tokenizer, "all_special_tokens", ())}

    def keeps_special(self, request: Request) -> bool:
        """Whether special tokens are to stay in the texts, since marks of thinking are among them."""
        if request.sampling.skip_special_tokens is not None:
            return not request.sampling.skip_special_tokens
        marks = thinking.marks(request.thinking)
        return any(token in mark for token in self._special for mark in marks)

    def text(self, request: Request, prompt: Prompt, said: str) -> str:
        """What is stored of what the model said."""
        if request.sampling.skip_special_tokens is None and self.keeps_special(request):
            others = [token for token in self._special if not thinking.is_of_marks(token, request.thinking)]
            said = re.sub("|".join(map(re.escape, others)), "", said) if others else said
        return thinking.stored(said, request.thinking, opened=prompt.opened)
