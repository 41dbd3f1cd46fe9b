"""Thinking: where a model's begins and ends, and what of a text is shown to whoever reads it.

- ``visible`` needs nothing but a text as it is stored: it knows the marks of the common families of models.
- A text is stored as it came wherever ``visible`` then shows what it should; else ``stored`` and ``apart`` write it so:
  with ``<think>`` in place of marks of its own, or behind ``<think></think>`` where nothing in it is thinking.
"""

import re
from dataclasses import dataclass
from typing import Protocol

OPEN, CLOSE = "<think>", "</think>"

_NOTHING_THOUGHT = OPEN + CLOSE
"""What begins so is all answer, marks and all."""


class Thinking(Protocol):
    """What a role says of its model's thinking."""

    @property
    def marks(self) -> str:
        """``auto``: those that are known here; ``none``: nothing is thinking; ``given``: ``begin`` and ``end``."""

    @property
    def begin(self) -> str:
        """What opens it."""

    @property
    def end(self) -> str:
        """What closes it."""

    @property
    def opened(self) -> bool:
        """Whether the model's template opens it, so that a text may have the end alone, or be cut off before it."""


@dataclass(frozen=True, slots=True)
class _Marks:
    """The marks of a family of models."""

    begins: tuple[str, ...]
    ends: tuple[str, ...]
    around_answer: tuple[str, ...] = ()
    """What may stand before and behind the answer."""
    a_word: bool = False
    """Whether an answer may well speak of them: then they count only where a text begins with them, or where the
    template has opened what the text only closes."""
    a_phrase: bool = False
    """Whether they count only where a text begins with them."""


_FAMILIES = (
    _Marks((OPEN,), (CLOSE,)),  # Qwen, DeepSeek, GLM, Olmo, Nemotron and many more
    _Marks(("<seed:think>",), ("</seed:think>",)),  # Seed-OSS
    _Marks(("<mm:think>",), ("</mm:think>",)),  # MiniMax M3
    _Marks(("[THINK]",), ("[/THINK]",)),  # Magistral
    _Marks(  # Command A
        ("<|START_THINKING|>",),
        ("<|END_THINKING|>",),
        ("<|START_RESPONSE|>", "<|START_TEXT|>", "<|END_TEXT|>", "<|END_RESPONSE|>"),
    ),
    _Marks(("<|channel>thought", "<|channel>"), ("<channel|>",), ("<turn|>",)),  # Gemma 4
    _Marks(  # Kimi K3
        ("<|open|>think<|sep|>",),
        ("<|close|>think<|sep|>",),
        ("<|open|>response<|sep|>", "<|close|>response<|sep|>", "<|close|>message<|sep|>"),
    ),
    _Marks(("◁think▷",), ("◁/think▷",)),  # Kimi-VL
    _Marks(  # OpenThinker, Sky-T1
        ("<|begin_of_thought|>",), ("<|end_of_thought|>",), ("<|begin_of_solution|>", "<|end_of_solution|>")
    ),
    # What prompts ask for, and EXAONE Deep.
    *(_Marks((f"<{word}>",), (f"</{word}>",), a_word=True) for word in ("thinking", "thought", "reasoning")),
    _Marks(  # Granite
        ("Here is my thought process:", "Here's my thought process:"),
        ("Here is my response:", "Here's my response:"),
        a_phrase=True,
    ),
)

_CHANNEL = "<|channel|>"
"""Harmony's, of gpt-oss: each message has one, and the final one is the answer."""
_FINAL = re.compile(r"<\|channel\|>\s*final\b[^<]*(?:<\|constrain\|>[^<]*)?<\|message\|>")
_END_OF_MESSAGE = re.compile(r"<\|(?:return|end|call|start)\|>")
_HARMONY = (_CHANNEL, "<|message|>", "<|constrain|>", "<|start|>", "<|end|>", "<|return|>", "<|call|>")
_BARE = re.compile(
    r"(?:assistant\s{0,3})?(?:"
    r"(?:analysis|commentary)(?:(?=[^\W_]|[\"“'(\[{$\\*#])|[ \t]*\n|(?= to=))|final(?=[A-Z\d\\$*]|[ \t]*\n)"
    r")"
    r"|assistant[ \t]{1,3}(?:(?:analysis|commentary)[ \t]{1,3}(?=[^\Wa-z_])|final[ \t]{1,3}(?=[A-Z\d\\$*]))"
    r"|(?:assistant[ \t]{1,3})?(?:analysis|commentary)[ \t](?=.*(?<!\w)assistant[ \t]{0,3}final\b)",
    re.DOTALL,
)
"""How a text in Harmony begins once its special tokens are taken out of it: with a channel's name, right before what is
said in it, or on a line of its own."""
_FINAL_BARE = re.compile(
    r"assistantfinal|(?<!\w)assistant[ \t]{1,3}final(?!\w)|\A(?:assistant\s{0,3})?final"
    r"|^[ \t]*(?:assistant[ \t]*\n\s{0,3})?final[ \t]*(?:\n|\Z)",
    re.MULTILINE,
)
_NAMED_FINAL = re.compile(r"assistant[ \t]{0,3}final(?![a-z])\s{0,9}")
_OTHER_BARE = re.compile(
    r"assistant(?:analysis|commentary)|(?<!\w)assistant[ \t]{1,3}(?:analysis|commentary)(?!\w)"
    r"|^[ \t]*assistant[ \t]*\n\s{0,3}(?:analysis|commentary)\b",
    re.MULTILINE,
)
_CONSTRAINT = re.compile(r"\s{0,3}(?:<\|constrain\|>|(?<=\s))?json\s{0,3}(?=[{\[])")

_SUFFIXED = re.compile(r"(</?think):[^\s<>]+>")
"""Hunyuan's marks: ``<think:…>``."""

_UNMISTAKABLE = tuple(
    begin for family in _FAMILIES if not (family.a_word or family.a_phrase) for begin in family.begins
)
_BEGINS = (*(begin for family in _FAMILIES for begin in family.begins), f"{_CHANNEL}analysis<|message|>")
_MARKS = (*_BEGINS, *(end for family in _FAMILIES for end in family.ends), _CHANNEL)
_MAYBE = ("<", "◁", "THINK]", "Here is my ", "Here's my ")
"""Of which every mark has one; most texts have none."""
_END = re.compile(
    r"\s{0,9}("
    r"<[|\uff5c](?:im_end|im_start|eot_id|eom_id|end_of_text|endoftext|return|end|eot|eos|eod|call|endofturn|end_of_turn"
    r"|user|assistant|observation|END_OF_TURN_TOKEN|end▁of▁sentence|role_end|message_sep|EOT|pad|padding|separator)[|\uff5c]>"
    r"|</s>|<(?:eos|end_of_turn|eos_token|EOD|eod|pad|end_of_utterance|end_of_text|turn\|)>|\[/?INST\]|\[EOS\])"
    r"\s{0,9}\Z"
)
"""A special token at the end of a text, as decoding leaves it."""
_LAST_OF_END = (">", "]")
_LONGEST_END = 60
_AROUND = (*(mark for family in _FAMILIES for mark in family.around_answer), *_HARMONY)


def visible(text: str) -> str:
    """What is shown of a text: what follows its thinking.

    All of it where no thinking was opened, nothing where the thinking never closed.
    """
    if text.startswith(_NOTHING_THOUGHT):
        return _without_end(text.removeprefix(_NOTHING_THOUGHT).strip())
    text = text.strip()
    marked = any(map(text.__contains__, _MAYBE)) or _BARE.match(text)
    return _without_end(_behind_marks(text) if marked else text)


def _without_end(text: str) -> str:
    """A text without the special tokens that tell its end."""
    if text[-1:] not in _LAST_OF_END:
        return text
    end = len(text)
    while ended := _END.search(text, max(0, end - _LONGEST_END), end):
        if ended[1] == "</s>" and "<s>" in text:
            break  # what is struck out
        end = ended.start()
    return text[:end].rstrip()


def _behind_marks(text: str) -> str:
    """What follows the thinking of a text that may have marks of it."""
    if "think:" in text and OPEN not in text and CLOSE not in text:
        text = _SUFFIXED.sub(r"\1>", text)
    for family in _FAMILIES:
        if text.startswith(family.begins):
            return _after(text, family)
    if _CHANNEL in text:
        return _final(text)
    if _BARE.match(text):
        return _final_bare(text)
    for family in _FAMILIES:
        if _closes(text, family):
            return _after(text, family)
    return "" if any(begin in text for begin in _UNMISTAKABLE) else text


def stored(text: str, thinking: Thinking, *, opened: str = "") -> str:
    """A text as it came from a model, as it is stored.

    Args:
        text: what the model said.
        thinking: where its thinking begins and ends.
        opened: the mark with which its template has opened it (``opening``); "" where it has not.
    """
    match thinking.marks:
        case "none":
            return _answer_alone(text)
        case "given":
            return _rewritten(text, thinking, opened=bool(opened) or thinking.opened)
    return opened + text


def apart(thought: str, answer: str, *, closed: bool) -> str:
    """A thinking and an answer that came apart, as they are stored.

    Args:
        thought: what was thought.
        answer: what was said.
        closed: whether the thinking has come to its end.
    """
    # A mark in what was thought or said would be taken for the end; so it is written with a space.
    thought, answer = (part.replace(CLOSE, "</think >") for part in (thought, answer))
    return f"{OPEN}{thought}{CLOSE}{answer}" if closed else f"{OPEN}{thought}"


def opening(prompt: str, thinking: Thinking) -> str:
    """The mark by which a prompt, at its very end, has opened the model's thinking; "" where it has not."""
    begins = (thinking.begin,) if thinking.marks == "given" else _BEGINS if thinking.marks == "auto" else ()
    prompt = prompt.rstrip()
    return next((begin for begin in begins if prompt.endswith(begin.rstrip())), "")


def marks(thinking: Thinking) -> tuple[str, ...]:
    """The texts by which a thinking is found, though they may be special tokens."""
    match thinking.marks:
        case "none":
            return ()
        case "given":
            return thinking.begin, thinking.end
    return _MARKS


def is_of_marks(token: str, thinking: Thinking) -> bool:
    """Whether a special token is to stay in a text, for the thinking and the answer to be told from each other."""
    return any(token in mark for mark in (*marks(thinking), *(_AROUND if thinking.marks == "auto" else ())))


def _closes(text: str, family: _Marks) -> bool:
    """Whether a text that begins with no mark has a thinking of the family that ends."""
    if family.a_phrase or not any(end in text for end in family.ends):
        return False
    return not (family.a_word and any(begin in text for begin in family.begins))


def _after(text: str, family: _Marks) -> str:
    """What follows the last end; nothing where there is none."""
    end = max((at + len(end) for end in family.ends if (at := text.rfind(end)) >= 0), default=-1)
    answer = "" if end < 0 else text[end:].strip()
    for mark in family.around_answer:
        answer = answer.removeprefix(mark).strip()
    for mark in reversed(family.around_answer):
        answer = answer.removesuffix(mark).strip()
    named = _NAMED_FINAL.match(answer)
    return answer[named.end() :] if named else answer


def _final(text: str) -> str:
    """What Harmony's last final channel says."""
    *_, last = [None, *_FINAL.finditer(text)]
    return "" if last is None else _END_OF_MESSAGE.split(text[last.end() :], maxsplit=1)[0].strip()


def _final_bare(text: str) -> str:
    """What the last final channel says, where only the channels' names are left."""
    *_, last = [None, *_FINAL_BARE.finditer(text)]
    if last is None:
        return ""
    answer = _OTHER_BARE.split(text[last.end() :], maxsplit=1)[0]
    constraint = _CONSTRAINT.match(answer)
    return answer[constraint.end() if constraint else 0 :].strip()


def _rewritten(text: str, thinking: Thinking, *, opened: bool) -> str:
    before, closed, after = text.rpartition(thinking.end)
    thought = (before if closed else after).replace(thinking.begin, "", 1)
    if not closed and not opened and thinking.begin not in text:
        return _answer_alone(text)
    return apart(thought, after, closed=bool(closed))


def _answer_alone(text: str) -> str:
    return text if visible(text) == _without_end(text.strip()) else _NOTHING_THOUGHT + text
