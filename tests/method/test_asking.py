"""What a model is asked: templates filled with the columns of a row, behind the system message that is its own."""

import json
from typing import Any

import pytest

from a2r_ray.config.loading import parse_config
from a2r_ray.errors import EngineError, ServiceError
from a2r_ray.method.asking import columns, own_names, prompt_mistakes
from a2r_ray.method.compile import compile_method
from a2r_ray.method.stage import Case, Context, lost
from a2r_ray.records import Path, Problem
from tests.conftest import problem
from tests.scripted import ScriptedEngine, said

ROW = {"topic": "sums {problem}", "n": 3, "none": None, "tags": ["a", "ü"], "ticket": {"body": "b"}, "Its Title": "T"}


def asked(document: dict[str, Any], made: Problem, *, role: str = "explorer") -> list[Any]:
    """The requests of a role."""
    engine = ScriptedEngine(lambda _: said("text"))
    method = compile_method(parse_config(document), "streaming")
    stage = method[0 if role == "explorer" else 1].stages[0]
    paths = (Path("p1", 0, "e", "m", "a path", None, "stop", 1, 1, 0.1),) if role == "synthesizer" else ()
    stage([Case(made, paths)], Context(engine))
    return engine.requests


def with_role(document: dict[str, Any], role: str = "explorer", **fields: Any) -> dict[str, Any]:
    return {**document, role: {**document[role], **fields}}


@pytest.mark.parametrize("role", ["explorer", "synthesizer"])
def test_names_of_columns_are_filled_in_one_pass(document: dict[str, Any], role: str) -> None:
    template = "{topic}|{n}|{none}|{tags}|{ticket.body}|{Its Title}|{lacking}|{id}|{question}|{problem}|{references}"
    document["input"] |= {"problem_column": "question"}
    document = with_role(document, role, prompt=template if role == "synthesizer" else template[:-13])
    made = problem(metadata=json.dumps(ROW))
    text = asked(document, made, role=role)[0].messages[-1]["content"]
    assert text.startswith('sums {problem}|3||["a", "ü"]|b|T||p1|What is 1 + 1?|What is 1 + 1?')
    assert text.endswith("a path") is (role == "synthesizer")


@pytest.mark.parametrize("role", ["explorer", "synthesizer"])
def test_what_the_config_says_of_chats_goes_with_each_request(document: dict[str, Any], role: str) -> None:
    chat = {"system": "Be brief.", "template_kwargs": {"enable_thinking": False}}
    document = with_role(document, role, chat=chat, thinking="none", sampling={"presence_penalty": 1.5})
    request = asked(document, problem(), role=role)[0]
    assert [message["role"] for message in request.messages] == ["system", "user"]
    assert request.messages[0]["content"] == "Be brief."
    assert request.template_kwargs == {"enable_thinking": False}
    assert (request.thinking.marks, request.sampling.presence_penalty) == ("none", 1.5)
    [plain] = {len(each.messages) for each in asked(with_role(document, role, chat={}), problem(), role=role)}
    assert plain == 1


@pytest.mark.parametrize("role", ["explorer", "synthesizer"])
@pytest.mark.parametrize("own", ["system", "developer"])
def test_a_chat_keeps_a_system_message_of_its_own(document: dict[str, Any], role: str, own: str) -> None:
    document = with_role(document, role, chat={"system": "Be brief."})
    chat = ({"role": own, "content": "mine"}, {"role": "user", "content": "1+1?"})
    messages = asked(document, problem(messages=chat), role=role)[0].messages
    assert [message["content"] for message in messages if message["role"] != "user"] == ["mine"]
    messages = asked(document, problem(messages=chat[1:]), role=role)[0].messages
    assert [message["content"] for message in messages if message["role"] != "user"] == ["Be brief."]


@pytest.mark.parametrize("name", ["answer", "gold", "gold.value", "gold.value.text"])
def test_the_known_answer_is_in_no_prompt(document: dict[str, Any], name: str) -> None:
    document["input"]["answer_column"] = "answer" if name == "answer" else "gold.value"
    known = columns([problem(metadata=json.dumps({"gold": {"value": {"text": 1}}}))])
    [line] = prompt_mistakes(with_role(document, prompt=f"{{problem}} {{{name}}}"), known)
    assert line == f"explorer.prompt: {{{name}}} would show the model the known answer (input.answer_column)"


def test_a_pool_reads_the_columns_that_its_prompts_name_and_are_metadata(document: dict[str, Any]) -> None:
    document["input"] |= {"problem_column": "question"}
    document = with_role(document, prompt="{question} {id} {problem} {topic}")
    document = with_role(document, "synthesizer", prompt="{problem} {references} {topic} {ticket.body}")
    assert [pool.columns for pool in compile_method(parse_config(document), "streaming")] == [
        ("topic",),
        ("topic", "ticket.body"),
    ]
    [shared] = compile_method(parse_config(document), "shared")
    assert set(shared.columns) == {"topic", "ticket.body"}


def test_columns_are_those_of_all_the_first_rows(document: dict[str, Any]) -> None:
    config = parse_config(with_role(document, prompt="{problem} {topic} {n}"))
    known = columns([problem(metadata='{"topic": 1}'), problem(metadata='{"n": {"a": [1]}}')])
    assert known == {"topic", "n", "n.a"}
    assert prompt_mistakes(config.model_dump(), known) == []
    [line] = prompt_mistakes(config.model_dump(), {"topic"})
    assert line.startswith("explorer.prompt: unknown {n}")
    assert config.input.shown_columns == ("topic", "n")
    assert own_names(config.input) == {"id": "problem_id"}


@pytest.mark.parametrize(("kind", "error"), [("engine_died", EngineError), ("no_service", ServiceError)])
def test_what_is_lost_with_its_engine_ends_more_than_itself(
    document: dict[str, Any], kind: str, error: type[Exception]
) -> None:
    from a2r_ray.engines import Completion

    gone = Completion(error="gone", error_kind=kind)
    assert isinstance(lost(gone), error)
    assert lost(said("x")) is None
    for number, stage in enumerate(pool.stages[0] for pool in compile_method(parse_config(document), "streaming")):
        paths = (Path("p1", 0, "e", "m", "a path", None, "stop", 1, 1, 0.1),) * number
        with pytest.raises(error, match="gone"):
            stage([Case(problem(), paths)], Context(ScriptedEngine(lambda _: gone)))


def test_what_would_show_the_known_answer_is_not_offered(document: dict[str, Any]) -> None:
    document["input"]["answer_column"] = "reward.gt"
    known = {"topic", "reward", "reward.gt", "reward.style"}
    [line] = prompt_mistakes(with_role(document, prompt="{problem} {zzz}"), known)
    assert line.endswith("known are {problem}, {id}, {reward.style}, {topic} (for the text {zzz} write {{zzz}})")
