"""The real engine on CPU: one loaded model, and what becomes of good and bad requests."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import psutil
import pytest

from a2r_ray.config.asking import Sampling, Thinking
from a2r_ray.config.resources import Resources
from a2r_ray.config.schema import RoleConfig
from a2r_ray.engines import Completion, Request
from a2r_ray.engines.vllm import cpu as vllm_cpu
from a2r_ray.engines.vllm.core_process import end_with_replica
from a2r_ray.engines.vllm.engine import VllmEngine
from a2r_ray.errors import EngineError, ErrorKind
from tests.chaos import alive
from tests.nodes import wait_until

MODEL = Path(__file__).parents[3] / "models" / "SmolLM2-135M-Instruct"
SHORT = Sampling(temperature=0.8, max_tokens=8)


def role(**fields: object) -> RoleConfig:
    return RoleConfig.model_validate({"model": str(MODEL), "resources": Resources(cpus=2, gpus=0), **fields})


@pytest.fixture(scope="module")
def engine() -> Iterator[VllmEngine]:
    loaded = VllmEngine(role(engine_args={"max_num_seqs": 4, "max_model_len": 512}), seeded=True)
    yield loaded
    loaded.close()
    dead = loaded.submit(request("after")).result(timeout=5)
    assert dead.error_kind == ErrorKind.ENGINE_DIED


def request(text: str, seed: int = 1, sampling: Sampling = SHORT) -> Request:
    return Request([{"role": "user", "content": text}], sampling, text, seed)


def answers(engine: VllmEngine, requests: list[Request]) -> list[Completion]:
    return [future.result(timeout=120) for future in [engine.submit(each) for each in requests]]


def test_tokens_are_those_that_vllm_counts(engine: VllmEngine) -> None:
    before = engine.load()
    done = answers(engine, [request(f"Count to {i}.", seed=i) for i in range(10)])
    after = engine.load()
    assert {completion.error for completion in done} == {""}
    assert (
        sum(completion.completion_tokens for completion in done) == after.completion_tokens - before.completion_tokens
    )
    assert sum(completion.prompt_tokens for completion in done) == after.prompt_tokens - before.prompt_tokens
    assert all(completion.text and completion.latency_s > 0 for completion in done)


def test_the_same_seed_gives_the_same_text_and_another_seed_another(engine: VllmEngine) -> None:
    one, again, other = answers(engine, [request("Tell me a story.", seed) for seed in (7, 7, 8)])
    assert one.text == again.text
    assert one.text != other.text


def test_on_cpu_vllm_takes_what_is_put_in_its_place(engine: VllmEngine) -> None:
    from vllm.v1.sample.ops import topk_topp_sampler

    assert engine.load().running == 0
    assert topk_topp_sampler.compiled_random_sample is vllm_cpu.random_sample
    assert "compiled_random_sample" in topk_topp_sampler.TopKTopPSampler.forward_cpu.__code__.co_names
    assert str(engine._engine.model_config.dtype) in {"torch.bfloat16", f"torch.{vllm_cpu.dtype()}"}


def test_the_paths_of_a_problem_share_its_prompt(engine: VllmEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    shared: list[int] = []
    finish = engine._finish

    def watched(output: Any) -> None:
        shared.extend([output.num_cached_tokens] * output.finished)
        finish(output)

    monkeypatch.setattr(engine, "_finish", watched)
    text = "A farmer has 17 crates with 29 apples each and sells 31 apples. How many apples are left?"
    done = answers(engine, [request(text, seed) for seed in range(4)])
    assert all(completion.prompt_tokens < 128 for completion in done)
    assert sorted(shared)[1:] == [32 * (done[0].prompt_tokens // 32)] * 3


def test_the_kv_cache_takes_memory_as_it_is_used(engine: VllmEngine) -> None:
    [layer, *_] = engine._engine.engine_core.engine_core.model_executor.driver_worker.model_runner.kv_caches
    cache = layer.untyped_storage()
    assert cache.nbytes() > 1 << 30
    assert resident(cache.data_ptr(), cache.nbytes()) < cache.nbytes() // 4


def resident(address: int, size: int) -> int:
    """How many bytes of a mapping are in memory."""
    for line in (lines := iter(Path("/proc/self/smaps").read_text().splitlines())):
        start, dash, end = line.partition(" ")[0].partition("-")
        if dash and int(start, 16) <= address and address + size <= int(end, 16):
            return next(int(field.split()[1]) << 10 for field in lines if field.startswith("Rss:"))
    raise AssertionError("there is no such mapping")


def test_what_max_tokens_cuts_off_says_so(engine: VllmEngine) -> None:
    [cut] = answers(engine, [request("Tell me a long story.", sampling=Sampling(temperature=0.8, max_tokens=3))])
    assert (cut.finish_reason, cut.completion_tokens) == ("length", 3)


def test_a_prompt_longer_than_the_context_is_data_and_the_rest_goes_on(engine: VllmEngine) -> None:
    long, fine = answers(engine, [request("word " * 600), request("Hello.")])
    assert long.error_kind == "prompt_too_long"
    assert "the model's context is 512" in long.error
    assert fine.error == ""


def test_the_template_s_own_marks_and_odd_text_do_no_harm(engine: VllmEngine) -> None:
    odd = ["", "\x00", "{problem}", "<|im_end|>", "\N{PILE OF POO}" * 20]
    assert {completion.error for completion in answers(engine, [request(text) for text in odd])} == {""}


def test_no_future_is_lost_whatever_vllm_raises(engine: VllmEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    add = engine._engine.add_request
    raised = {"value": ValueError("bad"), "key": KeyError("k"), "runtime": RuntimeError("core")}

    def refuse(name: str, prompt: Any, params: Any) -> None:
        text = engine._held[name].request.key
        if text in raised:
            raise raised[text]
        add(name, prompt, params)

    monkeypatch.setattr(engine._engine, "add_request", refuse)
    done = answers(engine, [request(text) for text in (*raised, "fine")])
    assert [each.error_kind for each in done] == [ErrorKind.REFUSED, ErrorKind.ENGINE, ErrorKind.ENGINE, ""]
    assert engine.load().waiting == 0
    refused = request("fine", sampling=Sampling(temperature=0.8, max_tokens=8, allowed_token_ids=[]))
    assert answers(engine, [refused])[0].error_kind == ErrorKind.REFUSED


@pytest.mark.parametrize(
    ("reason", "kind"), [("abort", ErrorKind.ABORTED), ("error", ErrorKind.ENGINE), (None, "engine")]
)
def test_an_end_that_is_none_is_a_failure_with_its_tokens(
    engine: VllmEngine, monkeypatch: pytest.MonkeyPatch, reason: str | None, kind: str
) -> None:
    finish = engine._finish

    def ended(output: Any) -> None:
        for sample in output.outputs:
            sample.finish_reason = reason
        finish(output)

    monkeypatch.setattr(engine, "_finish", ended)
    before = engine.load().completion_tokens
    [given_up] = answers(engine, [request("Tell me a story.")])
    assert (given_up.error_kind, given_up.completion_tokens > 0, given_up.prompt_tokens > 0) == (kind, True, True)
    assert (repr(reason) in given_up.error, given_up.finish_reason) == (True, "error")
    assert engine.load().completion_tokens - before == 3 * given_up.completion_tokens  # it was asked three times


@pytest.mark.parametrize("spoilt", [{"finish_reason": "abort"}, {"finish_reason": "stop", "text": " \n"}])
def test_what_is_no_end_is_asked_again(
    engine: VllmEngine, monkeypatch: pytest.MonkeyPatch, spoilt: dict[str, str]
) -> None:
    finish, left = engine._finish, [2]

    def ended(output: Any) -> None:
        for sample in output.outputs if left[0] else ():
            for name, value in spoilt.items():
                setattr(sample, name, value)
        left[0] -= 1
        finish(output)

    monkeypatch.setattr(engine, "_finish", ended)
    [done] = answers(engine, [request("Tell me a story.")])
    assert (done.error, bool(done.text)) == ("", True)
    left[0] = 3
    [failed] = answers(engine, [request("Tell me a story.")])
    assert failed.error_kind == ("empty" if "text" in spoilt else "aborted")


def test_a_sampling_is_all_that_vllm_takes(engine: VllmEngine) -> None:
    sampling = Sampling(temperature=0, max_tokens=8, min_tokens=8, ignore_eos=True, repetition_penalty=1.1)
    biased = Sampling(temperature=0, max_tokens=8, logit_bias={"42": 100.0}, presence_penalty=0.5, bad_words=["no"])
    [long, same] = answers(engine, [request("Hello.", sampling=sampling), request("Hello.", sampling=biased)])
    assert (long.completion_tokens, long.error) == (8, "")
    assert len(set(engine._engine.get_tokenizer().encode(same.text))) <= 2
    only = Sampling(temperature=0, max_tokens=8, structured_outputs={"choice": ["yes!", "no!"]})
    assert answers(engine, [request("Hello.", sampling=only)])[0].text in {"yes!", "no!"}


def test_marks_of_thinking_that_are_special_tokens_stay_in_the_text(engine: VllmEngine) -> None:
    mark = "<|im_start|>"
    forced = Sampling(temperature=0, max_tokens=3, allowed_token_ids=engine._engine.get_tokenizer().encode(mark))
    asked = replace(request("Hello.", sampling=forced), thinking=Thinking(marks="given", begin=mark, end="</r>"))
    [marked, plain] = answers(engine, [asked, request("Hello.", sampling=forced)])
    assert (marked.text, plain.text) == ("<think>" + 2 * mark, "")
    assert marked.finish_reason == plain.finish_reason == "length"


def test_chats_are_encoded_by_those_who_ask_and_whole(engine: VllmEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    encoded: list[tuple[str, list[dict[str, Any]]]] = []
    encode = engine._chats._encode

    def watched(chat: list[dict[str, Any]], *how: Any) -> Any:
        encoded.append((threading.current_thread().name, chat))
        return encode(chat, *how)

    monkeypatch.setattr(engine._chats, "_encode", watched)
    asked_by = {"role": "user", "content": "Add.", "name": "me"}
    chat: list[dict[str, Any]] = [asked_by, {"role": "assistant", "content": "", "tool_calls": []}]
    asked = [Request(chat, SHORT, f"{seed}", seed) for seed in range(4)]
    assert {completion.error for completion in answers(engine, asked)} == {""}
    assert encoded == [(threading.current_thread().name, chat)]  # once for all four, with every key of a message


def test_an_unknown_engine_argument_is_named_with_the_nearest() -> None:
    with pytest.raises(EngineError, match=r"engine_args\.max_num_seq: .*did you mean `max_num_seqs`"):
        VllmEngine(role(engine_args={"max_num_seq": 4}))


@pytest.mark.parametrize(
    ("sampling", "words"),
    [
        ({"structured_outputs": {"regexp": "a"}}, "structured_outputs.regexp: vLLM knows no such"),
        ({"structured_outputs": {"regex": "a", "choice": ["b"]}}, "vLLM does not take it: You can only use one"),
        ({"repetition_detection": {"max_pattern_size": -1}}, "vLLM does not take it: "),
    ],
)
def test_a_sampling_that_vllm_does_not_take_is_told_before_the_model_loads(
    sampling: dict[str, Any], words: str
) -> None:
    with pytest.raises(EngineError, match="sampling") as caught:
        VllmEngine(role(model="/nonexistent/model", sampling=sampling))
    assert words in str(caught.value)


def test_a_model_that_is_not_there_is_named() -> None:
    with pytest.raises(EngineError, match="model /nonexistent/model: there is no such folder on "):
        VllmEngine(role(model="/nonexistent/model"))


def test_an_engine_core_ends_with_the_replica_that_began_it() -> None:
    [hook] = entry_points(group="vllm.general_plugins", name="a2r_ray")
    assert hook.load() is end_with_replica
    replica = subprocess.Popen([sys.executable, "-c", _REPLICA_AND_CORE], stdout=subprocess.PIPE, text=True)
    assert replica.stdout is not None
    core = psutil.Process(int(replica.stdout.readline()))
    assert core.is_running()
    replica.kill()
    replica.wait()
    wait_until(lambda: not alive(core), 10, "the core outlives its replica")


_REPLICA_AND_CORE = """
import multiprocessing, os, time
from a2r_ray.engines.vllm.core_process import end_with_replica

def core():
    end_with_replica()
    print(os.getpid(), flush=True)
    time.sleep(600)

os.environ["A2R_REPLICA_PID"] = str(os.getpid())
process = multiprocessing.get_context("fork").Process(target=core)
process.start()
process.join()
"""
