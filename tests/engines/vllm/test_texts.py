"""Special tokens stay in a text where a thinking is found by them, and only those."""

from types import SimpleNamespace
from typing import Any

import pytest

from a2r_ray.config.asking import Sampling, Thinking
from a2r_ray.engines import Request
from a2r_ray.engines.vllm.chats import Prompt
from a2r_ray.engines.vllm.texts import Texts
from a2r_ray.thinking import visible


class Token(str):
    """An added token."""

    __slots__ = ()
    special = True


def texts(*special: str) -> Texts:
    added = {number: Token(token) for number, token in enumerate(special)}
    return Texts(SimpleNamespace(added_tokens_decoder=added, all_special_tokens=["<eos>"]))


def request(thinking: Any = "auto", **sampling: Any) -> Request:
    return Request([], Sampling(**sampling), "p/0", thinking=Thinking.model_validate(thinking))


HARMONY = ("<|channel|>", "<|message|>", "<|end|>", "<|start|>", "<|return|>", "<|endoftext|>")


def test_where_no_mark_is_special_nothing_changes() -> None:
    assert not texts("<|im_start|>", "<|im_end|>", "<|end|>").keeps_special(request())
    assert texts().text(request(), Prompt([], ""), "a <eos> b") == "a <eos> b"


@pytest.mark.parametrize(
    ("special", "said", "stored", "shown"),
    [
        (
            HARMONY,
            "<|channel|>analysis<|message|>t<|end|><|start|>assistant<|channel|>final<|message|>42<|endoftext|><eos>",
            "<|channel|>analysis<|message|>t<|end|><|start|>assistant<|channel|>final<|message|>42",
            "42",
        ),
        (("[THINK]", "[/THINK]", "[INST]"), "[THINK]t[/THINK]42[INST]", "[THINK]t[/THINK]42", "42"),
    ],
)
def test_marks_stay_and_other_special_tokens_go(special: tuple[str, ...], said: str, stored: str, shown: str) -> None:
    made = texts(*special)
    assert made.keeps_special(request())
    text = made.text(request(), Prompt([], ""), said)
    assert (text, visible(text)) == (stored, shown)


def test_what_the_config_says_of_special_tokens_holds() -> None:
    made = texts(*HARMONY)
    assert not made.keeps_special(request(skip_special_tokens=True))
    assert not made.keeps_special(request("none"))
    whole = request(skip_special_tokens=False)
    assert made.keeps_special(whole)
    assert made.text(whole, Prompt([], ""), "a<eos>") == "a<eos>"


@pytest.mark.parametrize(("thinking", "opened"), [("auto", "<think>"), ({"begin": "<r>", "end": "</r>"}, "<r>")])
def test_a_thinking_that_the_template_opened_is_part_of_the_text(thinking: Any, opened: str) -> None:
    assert texts().text(request(thinking), Prompt([], opened), "half a thought") == "<think>half a thought"
