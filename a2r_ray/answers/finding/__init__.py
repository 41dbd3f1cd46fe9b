r"""Finding: what a text gives as its final answer.

Texts are untrusted. Finding an answer takes linear time and raises nothing. Only what a reader is shown counts.
"""

import re
from collections.abc import Callable, Iterator
from itertools import islice

from a2r_ray.answers.finding.afterwards import named_before
from a2r_ray.answers.finding.announcements import Found, Strength, announcements
from a2r_ray.answers.finding.bare import bare, fenced, is_expression, json_in, listed, says_yes_or_no
from a2r_ray.answers.finding.blank import MAX_LENGTH
from a2r_ray.answers.finding.boxes import NAME, boxed
from a2r_ray.answers.finding.chosen import chosen, decided, singled_out
from a2r_ray.answers.finding.decoration import undecorated
from a2r_ray.answers.finding.marks import bracketed, has_key, hashed, objects, tabled, tagged
from a2r_ray.answers.finding.retractions import in_its_place, is_withdrawn
from a2r_ray.answers.finding.vocabulary import YES_NO
from a2r_ray.answers.finding.written import pointed, told, without_reasons
from a2r_ray.thinking import visible

__all__ = ["MAX_LENGTH", "announced", "clean", "extract", "is_lost"]

_MARK = re.compile(
    r"\\(?:boxed|fbox)\b|####|^[#*\s]{0,8}(?:the )?(?:final )?answer\b[ \t*]{0,4}(?::|=|is\b|$)|<answer>",
    re.IGNORECASE | re.MULTILINE,
)
"""What announces an answer, whatever follows."""
_AROUND = " \t\r\n.*_!"
_BLANK = " \t\r\n._?…"
_EQUALS = re.compile(r"\A\s{0,9}=\s{0,9}(?=[^\s=])")
_DELIMITER = re.compile(r"(?<!\\)(?:\\?\$|\\[()\[\]])")
_TEX_SPACE_BEHIND = re.compile(r"(?<!\\)\\(?:[ ,;:!]|quad|qquad|)\s{0,3}\Z")
_LONGEST_TEX_SPACE = 10
_CORNERS = re.compile("[「『]([^「」『』]{1,60})[」』]")
_WRAPPER = re.compile(r"\\(?:text|textbf|textit|textrm|mathrm|mathbf|mbox)\s*\{([^{}]*)\}")
_NUMBER = re.compile(r"(?:(?<![\w.)])[-+−])?(?<![\w.])(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:/\d+(?![\d/]))?%?")


def extract(text: str, *, guess_last_number: bool = False) -> str | None:
    r"""The final answer in a model's text, as a reader would write it down; None where it gives none.

    Only what a reader is shown counts (``visible``). Of what announces an answer there, in this order:

    1. The last ``\boxed{…}`` or ``<answer>…</answer>`` that is closed and not blank. Boxes that share a sentence or a
       line are parts of one answer, joined by commas (``boxes.boxed``). What stands in tags is read as a text again.
       Where a choice is announced behind the last box (``**Answer: D**``), the box was on the way.
    2. The last real announcement: "the answer is", "Answer:", "the correct option is", a heading "Answer", the same
       in other languages, ``#### 42``, ``[[B]]``, ``{"answer": 7}``. It goes to the end of its sentence, or of its
       block: a code fence, a formula, a grid, a list.
    3. The last one that may be a step on the way: "the result is", "B is correct".
    4. The last one that stands in a note ("Note: the answer is rounded"), in code, or that describes an answer ("the
       answer is an integer"). So nothing of the kind displaces an answer that stands before it.
    5. All of the text, where it is an answer and nothing else: ``7``, ``B``, ``yes``, ``x+1``, JSON.

    What somebody else says ("path 2's answer is 8") comes before 4, if all such say the same, and the answer to another
    case ("without the restriction the answer is 8") before 3 (``asides``).

    What only looks like an announcement is passed over: questions, conditions, "the answer is not obvious". It is never
    the last number of a text that announces nothing, unless that is asked for: most often it is an intermediate
    value, and a vote counts it as if it had been meant. Nor is it what stands in a box that was cut off, which may be
    half of a number.

    The answer comes without whitespace, math delimiters, bold marks, one ``\text{}`` and the full stop around it, and
    without the reasons that follow it in its sentence.

    Args:
        text: what a model said.
        guess_last_number: whether to take the last number where nothing is announced.
    """
    shown = _own_turn(undecorated(visible(text)))
    found, in_words = _found(shown)
    if found is None and guess_last_number:
        found = _last_number(shown)
    if found is None or len(found) > MAX_LENGTH:
        return None
    answer = clean(without_reasons(clean(found)) if in_words else found)
    if in_words and shown[-2 * len(found) - 20 :].replace("*", "").rstrip(_AROUND).endswith(found.strip(_AROUND)):
        answer = told(answer)  # nothing follows that may count on from it
    return answer if answer.strip(_BLANK) else None


def announced(
    text: str, *, guess_last_number: bool = False, fits: Callable[[str], object] = lambda _: True
) -> str | None:
    """The stretch of a model's text that gives its final answer, up to the end of its sentence or block, as it stands.

    It is what ``extract`` takes its answer from, with all that a kind of answer may read more from: ``B) rivers``,
    ``12 pens``, ``Yes, because …``, the lines of a grid, a JSON object.

    Args:
        text: what a model said.
        guess_last_number: as of ``extract``.
        fits: whether a stretch gives an answer of the kind that is looked for; else the next strongest is taken.
    """
    shown = _own_turn(undecorated(visible(text)))
    found = next(filter(None, (_fitting(each, fits, in_words=said) for each, said in _stretches(shown))), None)
    if found is None and (data := json_in(shown)) is not None and str(fits(data))[:1] in {"{", "["}:
        return data
    if found is None and (letter := chosen(shown)) and fits(f"({letter})") == letter:
        return letter  # of a choice, which no other kind reads so
    if found is None:
        found = decided(shown, fits)
    if found is None and guess_last_number:
        found = _last_number(shown)
    return found


def _fitting(stretch: str, fits: Callable[[str], object], *, in_words: bool) -> str | None:
    """A stretch, if it is what is looked for, without its cause where it is announced in words."""
    if len(stretch) > MAX_LENGTH:
        return None
    stretch = pointed(stretch) if in_words else stretch
    return stretch if fits(stretch) else None


def is_lost(reference: str) -> bool:
    """Whether a known answer marks one that is not found, as "… ####" or an empty box does: nothing equals it."""
    return extract(reference) is None and (len(reference) > MAX_LENGTH or _MARK.search(reference) is not None)


def _found(shown: str) -> tuple[str | None, bool]:
    """What gives the answer in what is shown, and whether it is announced in words."""
    return next(_stretches(shown), (None, False))


def _stretches(shown: str, *, within: bool = False) -> Iterator[tuple[str, bool]]:
    """What gives an answer in what is shown, the strongest first, and whether it is announced in words."""
    box, tags = boxed(shown), tagged(shown)
    marked = max((each[1] for each in (box, tags) if each is not None), default=None)
    if marked is not None and (instead := in_its_place(shown, marked)) is not None:
        yield instead[0], True
    elif marked is not None and is_withdrawn(shown, marked):
        return
    last = _last(shown)
    if last is not None and _is_put_right(shown, marked, last):
        yield last.answer, True
    yield from _in_marks(shown, box, tags, within=within)
    if box is None and tags is None and not (last is not None and last.strength >= Strength.OTHER_CASE):
        box = boxed(shown, quoted=True)
        if box is not None:
            yield box[0], False
    if last is not None and not NAME.search(last.answer):  # what remains of a box was cut off
        yield last.answer, True
    elif last is None and marked is None:
        yield from _unannounced(shown)


def _in_marks(
    shown: str, box: tuple[str, int] | None, tags: tuple[str, int] | None, *, within: bool
) -> Iterator[tuple[str, bool]]:
    """What stands in a box, or between tags, whichever is the last."""
    if tags is not None and (box is None or tags[1] >= box[1]):
        inner = None if within else next(_stretches(tags[0], within=True), None)
        yield inner or (tags[0], False)
    elif box is not None:
        choice = _choice(shown[box[1] :])
        if choice is not None:
            yield choice, True  # the box was of a formula on the way
        yield box[0], False


_PUTS_RIGHT = re.compile(
    r"\b(?:apologi[sz]e|apologies|sorry|mistake|error|wrong|incorrect|forgot|forgotten|overlooked|missed|hold on|wait"
    r"|correction|corrected|double[- ]count(?:s|ed|ing)?|overcount(?:s|ed|ing)?|not right|oops|scratch that|instead"
    r"|revis\w{2,5})\b|❌|✗|✘",
    re.IGNORECASE,
)
_NEAR = 400


def _is_put_right(shown: str, marked: int | None, last: Found) -> bool:
    """Whether an answer that is announced behind a box or tags is there to put that right."""
    if marked is None:
        return False
    between = shown[marked : last.at]
    is_value = last.strength is Strength.REAL and bare(_plain(last))
    return is_value and last.at > marked and len(between) < _NEAR and _PUTS_RIGHT.search(between) is not None


def _unannounced(shown: str) -> Iterator[tuple[str, bool]]:
    """What gives an answer in a text that announces none."""
    if (only := singled_out(shown)) is not None or (only := _after_a(shown)) is not None:
        yield only, False
    shown = _EQUALS.sub("", shown)
    shown = fenced(shown) or (clean(shown) if shown[:1] in {"「", "『"} else shown)
    if (bare(shown) and not has_key(shown) and not NAME.search(shown)) or _is_grid(shown):
        yield shown, says_yes_or_no(shown)
    elif items := listed(shown):
        yield items, False


_A = re.compile(r"\s{0,9}A:\s{1,9}(?=\S)")


def _after_a(shown: str) -> str | None:
    """What stands behind the mark of an answer in a row of questions, as in ``A: 7``."""
    mark = _A.match(shown)
    said = "" if mark is None else shown[mark.end() :].strip()
    return said if is_expression(said) or _CHOICE.fullmatch(said) else None


_NEXT_QUESTION = re.compile(
    r"\n[ \t>#*_\[]{0,8}(?:Q|Question|Problem|Exercise|Example|Task|Input|Instruction|Human|User|问题|問題"
    r"|Frage|Pregunta"
    r"|Domanda|Pergunta|Вопрос)"
    r"(?: ?\d{1,3})?[*_\]]{0,3}(?:[:：]|\.(?=\s)|(?<=\])|[ \t]*(?=\n))[*_]{0,3}(?=\s)"
    r"|<\|(?:im_end|im_start|endoftext|eot_id|end|eom_id|end_of_text)\|>|</s>|<end_of_turn>|<eos>|\[/?INST\]",
    re.IGNORECASE,
)
_MOST_QUESTIONS = 5


def _own_turn(shown: str) -> str:
    """A text without the further questions that a model asks itself behind its answer."""
    for asked in islice(_NEXT_QUESTION.finditer(shown), _MOST_QUESTIONS):
        own = shown[: asked.start()]
        if asked[0].startswith("\n") and own.lstrip(" \t\n>#*_").casefold().startswith(("q:", "question:", "a:")):
            return shown  # it asks itself step by step
        if _found(own)[0] is not None:
            return own
    return shown


_CHOICE = re.compile(r"\(?[A-J]\)?\.?")
_LETTER_ALONE = re.compile(r"(?<![A-Za-z])[A-J](?![a-z])")


def _choice(text: str) -> str | None:
    """The choice that a text announces, where it is one letter."""
    found = _last(text) if _LETTER_ALONE.search(text) else None
    is_choice = found is not None and found.strength is Strength.REAL and _CHOICE.fullmatch(found.answer.strip())
    return found.answer if found is not None and is_choice else None


def _is_grid(text: str) -> bool:
    """Whether a text is rows of numbers or letters and nothing else."""
    rows = [line.split() for line in text.strip().split("\n")] if len(text) <= MAX_LENGTH else []
    return (
        len(rows) > 1
        and len({len(row) for row in rows}) == 1
        and len(rows[0]) > 1
        and all(re.fullmatch(r"[-+]?\d[\d.,]*|\S", cell) for row in rows for cell in row)
    )


def _last(shown: str) -> Found | None:
    """The last of the strongest announcements."""
    in_objects = objects(shown)
    spans = sorted({span for _, span in in_objects})
    marked = (each for each in (hashed(shown), bracketed(shown), tabled(shown)) if each is not None)
    found = [(each.strength, stop, each) for each, (_, stop) in in_objects]
    found += [(each.strength, each.at, each) for each in (*marked, *announcements(shown, spans), *named_before(shown))]
    return _as_it_stands(shown, _weighed([each for _, _, each in sorted(found)])) if found else None


def _as_it_stands(shown: str, found: Found | None) -> Found | None:
    """An announcement, or what its writer put in its place."""
    if found is None or found.strength < Strength.WEAK:
        return found
    instead = in_its_place(shown, found.at)
    if instead is not None:
        return Found(found.strength, instead[1], instead[0])
    end = shown.find(found.answer, found.at)
    return None if end >= 0 and is_withdrawn(shown, end + len(found.answer)) else found


def _weighed(found: list[Found]) -> Found | None:
    """Which of several announcements counts, the strongest and last standing last."""
    best = found[-1]
    if best.strength is Strength.QUOTED and len({_plain(each) for each in found if each.strength is best.strength}) > 1:
        return None  # nobody knows with whom the writer agrees
    cases = [each for each in found if each.strength is Strength.OTHER_CASE and each.at > best.at]
    return cases[-1] if cases and best.strength is Strength.REAL and not bare(_plain(best)) else best


def _plain(found: Found) -> str:
    return clean(without_reasons(clean(found.answer)))


def _last_number(shown: str) -> str | None:
    numbers = [number[0] for number in _NUMBER.finditer(shown)]
    return numbers[-1] if numbers else None


def clean(text: str) -> str:
    """The answer without what only surrounds it."""
    while True:
        before = text
        text = _DELIMITER.sub("", text)
        while space := _TEX_SPACE_BEHIND.search(text, max(0, len(text) - _LONGEST_TEX_SPACE)):
            text = text[: space.start()]
        text = text.strip().strip("`").removeprefix("**").removesuffix("**").strip()
        if text.endswith(".") and not text.endswith(".."):
            text = text[:-1]
        if (quoted := _CORNERS.fullmatch(text)) and (quoted[1].isascii() or quoted[1] in YES_NO):
            text = quoted[1]
        if wrapped := _WRAPPER.fullmatch(text):
            text = wrapped[1]
        elif NAME.match(text):
            box = boxed(text)
            text = "" if box is None else box[0]
        if text == before:
            return text
