"""Chats as token ids: by the model's own template, once for all requests that ask the same.

Called from the threads of those who ask, so that the thread that steps the engine does nothing else. The tokenizers
of Hugging Face are not made for several threads at once; one at a time encodes a chat in a fraction of a step.
"""

import json
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from a2r_ray.config.asking import Thinking
from a2r_ray.records import Message
from a2r_ray.thinking import opening

_KEPT_TOKENS = 1 << 18
"""The paths of a problem are asked together: what was encoded a while ago is not asked again."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """An encoded chat."""

    token_ids: list[int]
    opened: str
    """The mark with which the template has already opened the model's thinking; "" where it has not."""


class Chats:
    """Encodes chats, and keeps the last of them.

    Args:
        tokenizer: the model's.
    """

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, Prompt] = OrderedDict()
        self._tokens = 0

    def encode(self, messages: Sequence[Message], template_kwargs: Mapping[str, Any], thinking: Thinking) -> Prompt:
        """The prompt of a chat; raises whatever its template raises."""
        key = json.dumps([messages, template_kwargs, thinking.begin, thinking.marks], sort_keys=True, default=str)
        with self._lock:
            if key not in self._kept:
                self._keep(key, self._encode([dict(message) for message in messages], template_kwargs, thinking))
            self._kept.move_to_end(key)
            return self._kept[key]

    def _encode(self, chat: list[dict[str, Any]], template_kwargs: Mapping[str, Any], thinking: Thinking) -> Prompt:
        text = self._tokenizer.apply_chat_template(chat, add_generation_prompt=True, tokenize=False, **template_kwargs)
        token_ids = self._tokenizer.encode(text, add_special_tokens=False)
        return Prompt(token_ids, opening(text, thinking))

    def _keep(self, key: str, prompt: Prompt) -> None:
        self._kept[key] = prompt
        self._tokens += len(prompt.token_ids)
        while self._tokens > _KEPT_TOKENS and len(self._kept) > 1:
            _, oldest = self._kept.popitem(last=False)
            self._tokens -= len(oldest.token_ids)
