"""A chat is encoded once while it is asked about, and long ones are not kept for nothing."""

from typing import Any

import pytest

from a2r_ray.config.asking import Thinking
from a2r_ray.engines.vllm import chats as module
from a2r_ray.engines.vllm.chats import Chats, Prompt


class Tokenizer:
    """A token for each character, and a count of what it was asked."""

    def __init__(self, end: str = "<think>\n") -> None:
        self.asked, self.end, self.told = 0, end, dict[str, Any]()

    def apply_chat_template(self, chat: list[dict[str, Any]], **told: Any) -> str:
        self.asked, self.told = self.asked + 1, told
        return "".join(f"[{message['role']}]{message['content']}" for message in chat) + self.end

    def encode(self, text: str, **_: Any) -> list[int]:
        return [ord(letter) for letter in text]


def chat(text: str, **more: Any) -> list[dict[str, Any]]:
    return [{"role": "user", "content": text, **more}]


def encode(chats: Chats, messages: list[dict[str, Any]], thinking: Any = "auto", **template_kwargs: Any) -> Prompt:
    return chats.encode(messages, template_kwargs, Thinking.model_validate(thinking))


def test_the_same_chat_is_encoded_once_and_another_anew() -> None:
    tokenizer = Tokenizer()
    chats = Chats(tokenizer)
    assert encode(chats, chat("a")) is encode(chats, chat("a"))
    assert tokenizer.asked == 1
    encode(chats, chat("a", name="me"))
    encode(chats, chat("b"))
    encode(chats, chat("b"), enable_thinking=False)
    assert tokenizer.asked == 4


@pytest.mark.parametrize(
    ("end", "thinking", "opened"),
    [
        ("<think>\n", "auto", "<think>"),
        ("[THINK]", "auto", "[THINK]"),
        ("<thought>\n", "auto", "<thought>"),
        ("<|channel|>analysis<|message|>", "auto", "<|channel|>analysis<|message|>"),
        ("<think>\n\n</think>\n\n", "auto", ""),
        ("", "auto", ""),
        ("<think>\n", "none", ""),
        ("<r>\n", {"begin": "<r>", "end": "</r>"}, "<r>"),
        ("<think>\n", {"begin": "<r>", "end": "</r>"}, ""),
    ],
)
def test_whether_the_template_has_opened_the_thinking(end: str, thinking: Any, opened: str) -> None:
    tokenizer = Tokenizer(end)
    assert encode(Chats(tokenizer), chat("a"), thinking).opened == opened


def test_the_template_is_told_what_the_config_says() -> None:
    tokenizer = Tokenizer()
    encode(Chats(tokenizer), chat("a"), enable_thinking=False)
    assert tokenizer.told == {"add_generation_prompt": True, "tokenize": False, "enable_thinking": False}


def test_what_is_kept_is_bounded_in_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_KEPT_TOKENS", 100)
    tokenizer = Tokenizer()
    chats = Chats(tokenizer)
    for number in range(50):
        encode(chats, chat("x" * 40 + str(number)))
    assert sum(len(prompt.token_ids) for prompt in chats._kept.values()) <= 100
    long = encode(chats, chat("y" * 500))
    assert encode(chats, chat("y" * 500)) is long  # one that is longer than all is kept while it is the last
    assert len(chats._kept) == 1
