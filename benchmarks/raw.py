"""The raw engine at its best: one vLLM in this process on both cores, fed all prompts of a stage at once, no Ray.

First every explorer prompt (N per problem, one sample each), then every synthesizer prompt. Nothing is stored.
Prints one line of JSON: seconds to load, from the first request sent to the last result, and tokens per second.

    python -m benchmarks.raw --problems 96 --max-num-seqs 256
"""

import os
import time
from argparse import Namespace
from collections.abc import Sequence
from typing import Any

from a2r_ray import prompts
from a2r_ray.engines.vllm import cpu as vllm_cpu
from a2r_ray.thinking import visible
from benchmarks.workload import Workload, problems, process_age, report

# Read by vLLM and OpenMP when they are imported.
os.environ.update(
    VLLM_ENABLE_V1_MULTIPROCESSING="0",
    VLLM_CPU_OMP_THREADS_BIND="nobind",
    OMP_NUM_THREADS=str(len(os.sched_getaffinity(0))),
    VLLM_CPU_KVCACHE_SPACE="4",
    TORCH_COMPILE_DISABLE="1",
    VLLM_LOGGING_LEVEL="ERROR",
    VLLM_NO_USAGE_STATS="1",
    HF_HUB_OFFLINE="1",
)


def main() -> None:
    parser = Workload.parser(__doc__)
    parser.add_argument("--max-num-seqs", type=int, default=256)
    parser.add_argument("--tuned", action="store_true", help="with what this project's engine does to vLLM on CPU")
    arguments = parser.parse_args()
    work = Workload.of(arguments)
    asked = [problem["problem"] for problem in problems(work.problems)]

    before = time.monotonic()
    if arguments.tuned:
        vllm_cpu.keep_memory()
        vllm_cpu.draw_faster()
    llm = _load(work, arguments)
    loaded = time.monotonic()
    explored = _complete(llm, work, [_explorer_prompt(text) for text in asked], samples=work.paths)
    turned = time.monotonic()
    shown = [explored[start : start + work.paths] for start in range(0, len(explored), work.paths)]
    synthesized = _complete(llm, work, [_synthesizer_prompt(*pair) for pair in zip(asked, shown, strict=True)])
    ended = time.monotonic()

    report(
        work,
        wall_s=process_age(),
        window_s=ended - loaded,
        tokens=(_tokens(explored), _tokens(synthesized)),
        load_s=round(loaded - before, 2),
        explore_s=round(turned - loaded, 2),
        max_num_seqs=arguments.max_num_seqs,
        tuned=arguments.tuned,
    )


def _load(work: Workload, arguments: Namespace) -> Any:
    from vllm import LLM

    return LLM(
        work.model,
        max_num_seqs=arguments.max_num_seqs,
        enforce_eager=True,
        dtype=vllm_cpu.dtype(),
        distributed_executor_backend="uni",
        enable_prefix_caching=True,
        block_size=vllm_cpu.BLOCK_TOKENS if arguments.tuned else None,
    )


def _complete(llm: Any, work: Workload, texts: Sequence[str], samples: int = 1) -> list[Any]:
    """One request per sample; the samples of a text follow one another."""
    from vllm import SamplingParams

    tokenizer = llm.get_tokenizer()
    chats = [[{"role": "user", "content": text}] for text in texts]
    rendered = [tokenizer.apply_chat_template(chat, add_generation_prompt=True, tokenize=False) for chat in chats]
    tokens = [{"prompt_token_ids": tokenizer.encode(text, add_special_tokens=False)} for text in rendered]
    asked = [prompt for prompt in tokens for _ in range(samples)]
    replies = llm.generate(asked, SamplingParams(**work.sampling), use_tqdm=False)
    return [reply.outputs[0] for reply in replies]


def _explorer_prompt(problem: str) -> str:
    return prompts.fill(prompts.EXPLORE, {"problem": problem})


def _synthesizer_prompt(problem: str, paths: Sequence[Any]) -> str:
    texts = [shown for path in paths if (shown := visible(path.text))]
    return prompts.fill(prompts.SYNTHESIZE, {"problem": problem, "references": prompts.references(texts)})


def _tokens(completions: Sequence[Any]) -> int:
    return sum(len(completion.token_ids) for completion in completions)


if __name__ == "__main__":
    main()
