"""What is shown of a text is what follows its thinking, whatever marks its model has."""

from typing import Any

import pytest

from a2r_ray import thinking
from a2r_ray.answers.finding import extract
from a2r_ray.config.asking import Thinking
from a2r_ray.thinking import apart, stored, visible

GPT_OSS = "<|channel|>analysis<|message|>6*7 is{}<|end|><|start|>assistant"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("just text ", "just text"),
        ("", ""),
        ("<think>trace</think> 42", "42"),
        ("trace with a prefilled opening</think>42", "42"),
        ("<think>a</think>b</think>c", "c"),
        ("<think>never closed", ""),
        ("Well. <think>never closed", ""),
        ("<think>closed</think>", ""),
        ("<think:opensource>trace</think:opensource>42", "42"),
        ("<think:opensource>trace", ""),
        ("<seed:think>trace</seed:think>42", "42"),
        ("<mm:think>trace</mm:think>42", "42"),
        ("[THINK]trace[/THINK]42", "42"),
        ("[THINK]a tag </think> in a trace[/THINK]42", "42"),
        ("[THINK]cut off", ""),
        ("<|START_THINKING|>trace<|END_THINKING|><|START_RESPONSE|>42<|END_RESPONSE|>", "42"),
        ("<|START_THINKING|>cut off", ""),
        ("<|channel>thought\ntrace<channel|>42<turn|>", "42"),
        ("<|channel>thought\ncut off", ""),
        ("<|open|>think<|sep|>t<|close|>think<|sep|><|open|>response<|sep|>42<|close|>response<|sep|>", "42"),
        ("◁think▷trace◁/think▷42", "42"),
        ("<|begin_of_thought|>t<|end_of_thought|>\n<|begin_of_solution|>42<|end_of_solution|>", "42"),
        ("<thinking>trace</thinking>42", "42"),
        ("<thinking>cut off", ""),
        ("trace that the template opened</thought>42", "42"),
        ("Write <thinking> before and </thinking> after it.", "Write <thinking> before and </thinking> after it."),
        ("Write <reasoning> first.", "Write <reasoning> first."),
        ("Here is my thought process: t Here is my response: 42", "42"),
        ("Here's my thought process: cut off", ""),
        ("So. Here is my response: 42", "So. Here is my response: 42"),
        (GPT_OSS.format(" 42") + "<|channel|>final<|message|>42<|return|>", "42"),
        (GPT_OSS.format(" 42") + "<|channel|>final<|message|>42, cut", "42, cut"),
        (GPT_OSS.format("") + "<|channel|>commentary<|message|>Let me see.<|end|>", ""),
        (GPT_OSS.format("") + "<|channel|>final <|constrain|>json<|message|>{}", "{}"),
        ("<|channel|>analysis<|message|>cut off", ""),
        ("analysisWe compute 6*7.assistantfinal42", "42"),
        ("analysisWe compute", ""),
        ("analysis of the question: 42", "analysis of the question: 42"),
        ("analysis: 42", "analysis: 42"),
        ("analysis, then 42", "analysis, then 42"),
        ("Analysis\nWe compute.", "Analysis\nWe compute."),
        ("analysisthe user wants 6*7.assistantfinal42", "42"),
        ("analysis6*7assistantfinal42", "42"),
        ('analysis"6*7" is meant.assistantfinal42', "42"),
        ("analysisWe compute.assistantfinal", ""),
        ("analysisWe compute.assistantanalysisAgain.assistantfinalThe answer is 42.", "The answer is 42."),
        ("analysisWe compute.assistantcommentaryLet me see.", ""),
        ("analysisWe compute.assistantcommentaryLet me see.assistantfinal42", "42"),
        ('analysisWe look.assistantcommentary to=functions.get json{"a": 1}assistantfinal42', "42"),
        ('commentary to=functions.get json{"a": 1}assistantfinal42', "42"),
        ("commentaryLet me see.assistantfinal42", "42"),
        ("assistantanalysisWe compute.assistantfinal42", "42"),
        ("analysisWe compute.assistantfinal42assistantcommentaryDone.", "42"),
        ('analysisWe compute.assistantfinal json{"answer": 42}', '{"answer": 42}'),
        ("analysis\nWe compute.\nassistantfinal\n42", "42"),
        ("analysis\nWe compute.\n\nassistant\nfinal\n42", "42"),
        ("analysis\n\nWe compute.\n\nassistant\n\nfinal\n\n42", "42"),
        ("assistant\nanalysis\nWe compute.\nassistant\nfinal\n42", "42"),
        ("analysis\nWe compute.\nfinal\n42", "42"),
        ("analysis\nWe compute.\nassistant\ncommentary\nLet me see.\nassistant\nfinal\n42", "42"),
        ("analysis\nWe compute.\nassistant\ncommentary\nLet me see.", ""),
        ("analysis\nWe compute; the final\nvalue is 42", ""),
        ("final42", "42"),
        ("finalThe answer is 42.", "The answer is 42."),
        ("final\n42", "42"),
        ("final answer: 42", "final answer: 42"),
        ("finalists: 42", "finalists: 42"),
        ("commentary on it: 42", "commentary on it: 42"),
    ],
)
def test_visible(text: str, shown: str) -> None:
    assert visible(text) == shown
    assert visible(f"\n{text}\n") == shown


@pytest.mark.parametrize("text", ["I \\boxed{1} [THINK]\\boxed{2}", "<|channel|>analysis<|message|>\\boxed{2}"])
def test_an_answer_in_a_thinking_is_none(text: str) -> None:
    assert extract(text) is None


@pytest.mark.parametrize(
    "between", ["assistantfinal", "assistantcommentaryThe answer is 5.assistantfinal", "\nassistant\nfinal\n"]
)
def test_the_answer_is_that_of_the_final_channel(between: str) -> None:
    assert extract(f"analysisThe answer is 4.{between}The answer is 6.") == "6"
    assert extract(f"analysis\nThe answer is 4.{between}6") == "6"


GIVEN = {"begin": "<r>", "end": "</r>"}


@pytest.mark.parametrize(
    ("thinking", "text", "shown"),
    [
        ("auto", "<think>t</think>42", "42"),
        ("none", "plain", "plain"),
        ("none", "Use <think>x</think> tags", "Use <think>x</think> tags"),
        ("none", "[THINK] opens it", "[THINK] opens it"),
        (GIVEN, "<r>t</r>42", "42"),
        (GIVEN, "t</r>42", "42"),
        (GIVEN, "<r>cut off", ""),
        (GIVEN, "<r>cut </think> off", ""),
        (GIVEN, "<r>a </think> b</r>42 </think> c", "42 </think > c"),
        (GIVEN, "no thinking", "no thinking"),
        (GIVEN, "Use <think> here", "Use <think> here"),
        ({**GIVEN, "opened": True}, "cut off", ""),
        ({**GIVEN, "opened": True}, "t</r>42", "42"),
    ],
)
def test_what_is_stored_shows_what_the_config_says_without_it(thinking: Any, text: str, shown: str) -> None:
    assert visible(stored(text, Thinking.model_validate(thinking))) == shown


@pytest.mark.parametrize("thinking", ["auto", GIVEN])
def test_a_thinking_that_the_template_opened_and_that_was_cut_off_is_not_shown(thinking: Any) -> None:
    marks = Thinking.model_validate(thinking)
    assert visible(stored("half a thought", marks, opened=marks.begin or "[THINK]")) == ""


def test_what_came_apart_is_stored_so_that_the_answer_is_shown_whole() -> None:
    assert apart("6*7", "42", closed=True) == "<think>6*7</think>42"
    assert apart("6*", "", closed=False) == "<think>6*"
    assert visible(apart("</think> as a tag", "", closed=False)) == ""
    assert visible(apart("t", "The tag </think> ends it.", closed=True)) == "The tag </think > ends it."


def test_no_mark_is_passed_over() -> None:
    assert all(any(part in mark for part in thinking._MAYBE) for mark in thinking._MARKS)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("3.<|im_end|>", "3."),
        ("3</s>", "3"),
        ("3<|eot_id|>\n", "3"),
        ("3 <|endoftext|><|endoftext|>", "3"),
        ("3<end_of_turn>\n<eos>", "3"),
        ("3 [/INST]", "3"),
        ("3<\uff5cend\u2581of\u2581sentence\uff5c>", "3"),
        ("<think>x</think>3<|im_end|>", "3"),
        ("<think></think>3<|im_end|>", "3"),
        ("a <s>b</s>", "a <s>b</s>"),
        ("<|im_end|> ends it", "<|im_end|> ends it"),
        ("x <y>", "x <y>"),
        ("analysisquick.assistantfinal4<|return|>", "4"),
        ("<think>x</think>\n\nassistantfinal 4", "4"),
        ("assistant analysis Hmm. The answer is A. assistant final B", "B"),
        ("analysis We think. assistant final B", "B"),
        ("analysis of the data shows 3", "analysis of the data shows 3"),
    ],
)
def test_special_tokens_at_the_end_are_not_shown(text: str, shown: str) -> None:
    assert visible(text) == shown
