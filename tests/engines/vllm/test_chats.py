"""A chat is encoded once while it is asked about, and long ones are not kept for nothing."""

from typing import Any

import pytest

from a2r_ray.engines.vllm import chats as module
from a2r_ray.engines.vllm.chats import Chats


class Tokenizer:
    """A token for each character, and a count of what it was asked."""

    def __init__(self) -> None:
        self.asked = 0

    def apply_chat_template(self, chat: list[dict[str, Any]], **_: Any) -> str:
        self.asked += 1
        return "".join(f"[{message['role']}]{message['content']}" for message in chat) + "<think>\n"

    def encode(self, text: str, **_: Any) -> list[int]:
        return [ord(letter) for letter in text]


def chat(text: str, **more: Any) -> list[dict[str, Any]]:
    return [{"role": "user", "content": text, **more}]


def test_the_same_chat_is_encoded_once_and_another_anew() -> None:
    tokenizer = Tokenizer()
    chats = Chats(tokenizer)
    assert chats.encode(chat("a")) is chats.encode(chat("a"))
    assert chats.encode(chat("a")).opens_thinking
    assert tokenizer.asked == 1
    chats.encode(chat("a", name="me"))
    chats.encode(chat("b"))
    assert tokenizer.asked == 3


def test_what_is_kept_is_bounded_in_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_KEPT_TOKENS", 100)
    tokenizer = Tokenizer()
    chats = Chats(tokenizer)
    for number in range(50):
        chats.encode(chat("x" * 40 + str(number)))
    assert sum(len(prompt.token_ids) for prompt in chats._kept.values()) <= 100
    long = chats.encode(chat("y" * 500))
    assert chats.encode(chat("y" * 500)) is long  # one that is longer than all is kept while it is the last
    assert len(chats._kept) == 1
