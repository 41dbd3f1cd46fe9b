"""The naive way with ``ray.data.llm``: a row per path, a vLLM processor, a group-by, a second processor, Parquet.

The defaults are the fastest found: one task or actor less wherever the library allows it (no stages for the chat
template, tokens and text, which cost an actor each), vLLM without its worker process, both cores for either engine,
since the group-by lets them work one after the other. ``--stages all`` is the library as its documentation shows it.
Prints one line of JSON: seconds from the start of this process to the Parquet, and tokens per second.

    python -m benchmarks.naive --problems 48
"""

import logging
import os
import sys
import tempfile
import time
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq

from a2r_ray import prompts
from a2r_ray.engines.vllm import cpu as vllm_cpu
from a2r_ray.thinking import visible
from benchmarks.workload import Workload, problems, process_age, report

os.environ.update(
    VLLM_CPU_KVCACHE_SPACE="2",
    TORCH_COMPILE_DISABLE="1",
    VLLM_LOGGING_LEVEL="ERROR",
    VLLM_NO_USAGE_STATS="1",
    HF_HUB_OFFLINE="1",
    RAY_BACKEND_LOG_LEVEL="fatal",
)

_MARK = "\x1a"

Row = dict[str, Any]


def main() -> None:
    parser = Workload.parser(__doc__)
    parser.add_argument("--batch-size", type=int, default=16, help="rows that an engine is given at once")
    parser.add_argument("--max-num-seqs", type=int, default=64)
    parser.add_argument("--partitions", type=int, default=4, help="of the group-by")
    parser.add_argument("--cpus", type=int, default=4, help="logical CPUs of Ray")
    parser.add_argument("--stages", choices=["all", "lean"], default="lean", help="beside the engine; lean: none")
    parser.add_argument("--executor", choices=["mp", "uni"], default="uni", help="of vLLM; uni: no worker process")
    parser.add_argument("--cores", choices=["split", "both"], default="both", help="of each engine: its own, or all")
    parser.add_argument("--block-size", type=int, default=vllm_cpu.BLOCK_TOKENS, help="vLLM's own on CPU is 128")
    arguments = parser.parse_args()
    work = Workload.of(arguments)
    with tempfile.TemporaryDirectory() as folder:
        _run(work, arguments, folder)
        wall_s = process_age()
        _report(work, folder, wall_s)


def _run(work: Workload, arguments: Namespace, output: str) -> None:
    import ray
    from ray.data import DataContext
    from ray.data.aggregate import AsList, Min, Sum

    ray.init(
        address="local",
        num_cpus=arguments.cpus,
        include_dashboard=False,
        log_to_driver=False,
        logging_level=logging.ERROR,
    )
    DataContext.get_current().enable_progress_bars = False
    explore = _processor(work, arguments, 0, _explorer_prompt, _path)
    synthesize = _processor(work, arguments, 1, _synthesizer_prompt, _result)

    rows = [problem for problem in problems(work.problems) for _ in range(work.paths)]
    paths = explore(ray.data.from_items(rows, override_num_blocks=min(len(rows), 8)))
    gathered = paths.groupby(["id", "problem"], num_partitions=arguments.partitions).aggregate(
        AsList("text", alias_name="texts"), Sum("tokens", alias_name="explorer_tokens"), Min("sent", alias_name="sent")
    )
    synthesize(gathered).write_parquet(output)
    ray.shutdown()


def _processor(
    work: Workload, arguments: Namespace, engine: int, prompt: Callable[[Row], str], made: Callable[[Row], Row]
) -> Any:
    """One role: an engine, and beside it the stages that the library has by default, or none of them."""
    from ray.data.llm import build_processor, vLLMEngineProcessorConfig

    whole = arguments.stages == "all"
    stage = {"enabled": whole, "num_cpus": 0.25}
    config = vLLMEngineProcessorConfig(
        model_source=work.model,
        engine_kwargs={
            "max_num_seqs": arguments.max_num_seqs,
            "enforce_eager": True,
            "dtype": vllm_cpu.dtype(),
            "enable_prefix_caching": True,
            "block_size": arguments.block_size,
            "distributed_executor_backend": arguments.executor,
        },
        batch_size=arguments.batch_size,
        max_concurrent_batches=max(8, 2 * arguments.max_num_seqs // arguments.batch_size),
        concurrency=1,
        runtime_env={"env_vars": _environment(arguments, engine)},
        placement_group_config={"bundles": [{"CPU": 0.25}]},
        log_engine_metrics=False,
        chat_template_stage=stage,
        tokenize_stage=stage,
        detokenize_stage=stage,
    )
    chat, sampling = _chat_template(work.model), {**work.sampling, "detokenize": not whole}

    def asked(row: Row) -> Row:
        text = prompt(row)
        said = {"messages": [{"role": "user", "content": text}]} if whole else {"prompt": chat(text)}
        return {**said, "sampling_params": sampling}

    lean = {"num_cpus": 0.25}
    return build_processor(
        config, preprocess=asked, postprocess=made, preprocess_map_kwargs=lean, postprocess_map_kwargs=lean
    )


def _environment(arguments: Namespace, engine: int) -> dict[str, str]:
    """What gives an engine its cores: its worker process binds itself; without one, OpenMP is told."""
    cores = os.sched_getaffinity(0)
    own = {engine % len(cores)} if arguments.cores == "split" else cores
    if arguments.executor == "mp":
        return {"VLLM_CPU_OMP_THREADS_BIND": ",".join(map(str, sorted(own)))}
    return {"VLLM_ENABLE_V1_MULTIPROCESSING": "0", "OMP_NUM_THREADS": str(len(own))}


def _chat_template(model: str) -> Callable[[str], str]:
    """The model's chat template around one user message, rendered here once: a stage of its own costs an actor."""
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(model)
    chat = [{"role": "user", "content": _MARK}]
    before, _, after = tokenizer.apply_chat_template(chat, add_generation_prompt=True, tokenize=False).partition(_MARK)
    return lambda text: f"{before}{text}{after}"


def _explorer_prompt(row: Row) -> str:
    return prompts.fill(prompts.EXPLORE, {"problem": row["problem"]})


def _synthesizer_prompt(row: Row) -> str:
    texts = [shown for text in row["texts"] if (shown := visible(text))]
    return prompts.fill(prompts.SYNTHESIZE, {"problem": row["problem"], "references": prompts.references(texts)})


def _path(row: Row) -> Row:
    return {
        "id": row["id"],
        "problem": row["problem"],
        "text": row["generated_text"],
        "tokens": row["num_generated_tokens"],
        "sent": row["metrics"]["arrival_time"],
    }


def _result(row: Row) -> Row:
    return {
        "id": row["id"],
        "problem": row["problem"],
        "texts": row["texts"],
        "synthesis": row["generated_text"],
        "explorer_tokens": row["explorer_tokens"],
        "synthesizer_tokens": row["num_generated_tokens"],
        "sent": row["sent"],
        "done": time.time(),
    }


def _report(work: Workload, output: str, wall_s: float) -> None:
    results = pq.read_table(Path(output))
    if results.num_rows != work.problems:
        sys.exit(f"{results.num_rows} results of {work.problems} problems")
    tokens = (pc.sum(results["explorer_tokens"]).as_py(), pc.sum(results["synthesizer_tokens"]).as_py())
    window_s = pc.max(results["done"]).as_py() - pc.min(results["sent"]).as_py()
    report(work, wall_s=wall_s, window_s=window_s, tokens=tokens)


if __name__ == "__main__":
    main()
