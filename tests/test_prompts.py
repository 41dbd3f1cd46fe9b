"""Templates are filled once, and what only looks like a place stays."""

import pytest

from a2r_ray import prompts


def test_nothing_in_a_value_is_interpreted() -> None:
    hostile = "{references} {0} {problem.__class__} %s \\1 {{x}}"
    filled = prompts.fill(prompts.SYNTHESIZE, {"problem": hostile, "references": "REFS"})
    assert hostile in filled
    assert filled.count("REFS") == 1


def test_the_default_templates_have_their_places() -> None:
    assert prompts.fields(prompts.EXPLORE) == ["problem"]
    assert prompts.fields(prompts.SYNTHESIZE) == ["problem", "references"]
    assert r"\boxed{}" in prompts.EXPLORE.partition("{problem}")[0]
    assert r"\boxed{}" in prompts.SYNTHESIZE.partition("{references}")[2]  # which may be long


@pytest.mark.parametrize("template", [prompts.EXPLORE, prompts.SYNTHESIZE])
def test_what_all_problems_share_comes_first_so_that_an_engine_reads_it_once(template: str) -> None:
    start, end = template.split("{problem}")
    assert len(start) > len(end.replace("{references}", "").strip())


@pytest.mark.parametrize("template", [prompts.EXPLORE, prompts.SYNTHESIZE, prompts.REFERENCE])
def test_lines_of_the_source_do_not_show_in_a_template(template: str) -> None:
    assert "\\\n" not in template


@pytest.mark.parametrize(
    ("template", "names"),
    [
        ("{problem} {topic} {ticket.body} {Größe}", ["problem", "topic", "ticket.body", "Größe"]),
        (r"\boxed{} \boxed{answer} \frac{a}{b} \sqrt[3]{x} \begin{align}", []),
        (r"\frac{\sqrt{x}}{y}, then {z}", ["z"]),
        (r"x_{n} + x^{n}, (a+b)_{k}, \sum_{i}^{n} \mathbb{R}^{n}", []),
        (r"\textbf{Question: {topic}} \{topic\}", ["topic"]),
        ("{year}_{month} label_{topic} __{problem}__ _{topic}_", ["year", "month", "topic", "problem", "topic"]),
        (r"Title:\n{subject}\t{body}", ["subject", "body"]),  # a YAML text in single quotes
        (r"\boxed{problem} x^{references}", ["problem", "references"]),
        ("[{topic}]({link})", ["topic", "link"]),
        ("{{topic}} is text", []),
        ("open { and } close", [" and "]),
        ('{"a": {"b": 1}}', ['"b": 1']),
    ],
)
def test_places_are_names_that_stand_alone_in_braces(template: str, names: list[str]) -> None:
    assert prompts.fields(template) == names


def test_a_template_is_filled_in_one_pass_and_all_else_stays() -> None:
    values = {"problem": "{topic}", "topic": "{{problem}} {problem}", "Question Text": "q"}
    template = r"{problem}|{topic}|{Question Text}|{lacking}|{no name!}|{{topic}}|\frac{topic}{2}|{'a': {1}}"
    filled = r"{topic}|{{problem}} {problem}|q||{no name!}|{topic}|\frac{topic}{2}|{'a': {1}}"
    assert prompts.fill(template, values, absent="") == filled
    assert prompts.fill("{lacking}", values) == "{lacking}"


def test_references_are_numbered_in_order() -> None:
    assert prompts.references(["one", "two"]) == "Attempt 1:\none\n\nAttempt 2:\ntwo"


def test_the_last_user_message_is_replaced_and_the_rest_kept() -> None:
    chat = [{"role": "system", "content": "s"}, {"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
    chat.append({"role": "user", "content": "c"})
    assert prompts.with_last_user_message(chat, "new") == [*chat[:3], {"role": "user", "content": "new"}]
    assert prompts.with_last_user_message(None, "new") == [{"role": "user", "content": "new"}]
