"""Templates are filled once, and what is shown of a path is what follows its thinking."""

import pytest

from a2r_ray import prompts


def test_nothing_in_a_value_is_interpreted() -> None:
    hostile = "{references} {0} {problem.__class__} %s \\1 {{x}}"
    filled = prompts.fill(prompts.SYNTHESIZE, problem=hostile, references="REFS")
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
    ("text", "shown"),
    [
        ("just text ", "just text"),
        ("<think>trace</think> 42", "42"),
        ("trace with a prefilled opening</think>42", "42"),
        ("<think>a</think>b</think>c", "c"),
        ("<think>never closed", ""),
        ("<think>closed</think>", ""),
        ("", ""),
    ],
)
def test_visible(text: str, shown: str) -> None:
    assert prompts.visible(text) == shown


def test_references_are_numbered_in_order() -> None:
    assert prompts.references(["one", "two"]) == "Attempt 1:\none\n\nAttempt 2:\ntwo"


def test_the_last_user_message_is_replaced_and_the_rest_kept() -> None:
    chat = [{"role": "system", "content": "s"}, {"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
    chat.append({"role": "user", "content": "c"})
    assert prompts.with_last_user_message(chat, "new") == [*chat[:3], {"role": "user", "content": "new"}]
    assert prompts.with_last_user_message(None, "new") == [{"role": "user", "content": "new"}]
