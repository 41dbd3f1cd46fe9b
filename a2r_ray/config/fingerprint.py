"""What of a config changes what is generated: the fingerprint of a role, and what may not change within a run folder.

Whatever is not named here as scheduling counts as generating, so that an argument that an engine gets tomorrow is not
forgotten. Configs are taken as documents, as ``run.json`` has them.
"""

import hashlib
import json
import math
from collections.abc import Mapping
from typing import Any

from a2r_ray import prompts

Document = Mapping[str, Any]

_VLLM_SCHEDULING = """
    tensor_parallel_size pipeline_parallel_size data_parallel_size data_parallel_rank data_parallel_start_rank
    data_parallel_size_local data_parallel_address data_parallel_rpc_port data_parallel_hybrid_lb
    data_parallel_external_lb data_parallel_backend enable_expert_parallel all2all_backend
    decode_context_parallel_size prefill_context_parallel_size distributed_executor_backend
    max_parallel_loading_workers worker_cls worker_extension_cls nnodes node_rank master_addr master_port
    disable_custom_all_reduce gpu_memory_utilization kv_cache_memory_bytes cpu_offload_gb block_size
    enable_prefix_caching prefix_caching_hash_algo num_gpu_blocks_override max_num_seqs max_num_batched_tokens
    long_prefill_token_threshold enable_chunked_prefill
    async_scheduling scheduling_policy scheduler_cls stream_interval disable_log_stats aggregate_engine_logging
    otlp_traces_endpoint collect_detailed_traces show_hidden_metrics_for_version kv_cache_metrics
    cudagraph_metrics enable_mfu_metrics load_format download_dir safetensors_load_strategy use_tqdm_on_load
    pt_load_map_location ignore_patterns enforce_eager compilation_config enable_sleep_mode hf_token
"""
SCHEDULING_ARGS = {
    "vllm": frozenset(_VLLM_SCHEDULING.split()),
    "openai": frozenset({"max_num_seqs", "timeout", "max_retries", "max_backoff_s"}),
    "simulated": frozenset({"max_num_seqs"}),
}
"""Arguments of each engine that say how it works and not what: parallelism, memory, cache, limits of scheduling, logs,
and how weights are loaded."""

_SCHEDULING = {
    "hang_timeout_s",
    "output",
    "schedule",
    "replicas",
    "resources",
    "price",
    "api_key_env",
    "base_url",
}
"""Sections and fields of a config that say how it is run."""
_GROWING = {"paths", "limit"}
_ROLES = {"explorer": "EXPLORE", "synthesizer": "SYNTHESIZE"}
"""Each role's default prompt, by its name in ``prompts``."""
_READS_REFERENCES = {"synthesizer"}


def of_roles(config: Document) -> dict[str, str]:
    """The fingerprint of each role; "" for a role that is absent."""
    return {name: of_role(name, config[name], config["seed"]) if config[name] else "" for name in _ROLES}


def of_role(name: str, role: Document, seed: int | None) -> str:
    """16 hex digits over whatever changes what a role generates, never over how it is scheduled, nor over N."""
    generates = {key: role[key] for key in ("engine", "model", "revision", "sampling", "simulated")}
    generates |= {"prompt": role["prompt"] or getattr(prompts, _ROLES[name]), "seed": seed}
    if arguments := _generating_args(role):
        generates["engine_args"] = arguments
    if name in _READS_REFERENCES:
        generates["references"] = [prompts.REFERENCE, prompts.SHOWN]
    return digest(generates)


def digest(value: Document) -> str:
    """16 hex digits over a document."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]


def changed(before: Document, after: Document) -> list[str]:
    """What keeps a config from continuing the run of another, a line for each field; empty where nothing does."""
    old, new = _generating(before), _generating(after)
    lines = [
        f"{name}: {old.get(name)!r} there, {new.get(name)!r} now"
        for name in sorted(old.keys() | new.keys())
        if old.get(name) != new.get(name)
    ]
    return lines + _shrunk(before, after)


def prompts_changed(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """The roles whose fingerprints differ though no field does: their default prompts are no longer what they were."""
    return [name for name in _ROLES if before[name] != after[name]]


def paths(config: Document) -> int:
    """N; 0 where nothing explores."""
    return int((config["explorer"] or {}).get("paths", 0))


def simulates(config: Document) -> bool:
    """Whether a role is simulated."""
    return any(config[name] and config[name]["engine"] == "simulated" for name in _ROLES)


def _generating_args(role: Document) -> dict[str, Any]:
    scheduling = SCHEDULING_ARGS[role["engine"]]
    return {name: value for name, value in role["engine_args"].items() if name not in scheduling}


def _generating(config: Document, prefix: str = "") -> dict[str, Any]:
    """The fields that change what a run generates, by dotted name."""
    flat: dict[str, Any] = {}
    for name, value in config.items():
        if name in _SCHEDULING or name in _GROWING:
            continue
        if name == "engine_args":
            flat |= _flat(_generating_args(config), f"{prefix}{name}.")
        elif isinstance(value, dict):
            flat |= _generating(value, f"{prefix}{name}.")
        else:
            flat[f"{prefix}{name}"] = value
    return flat


def _flat(values: Document, prefix: str) -> dict[str, Any]:
    return {f"{prefix}{name}": value for name, value in values.items()}


def _shrunk(before: Document, after: Document) -> list[str]:
    """The fields that may only grow, and did not."""
    limits = [config["input"]["limit"] or math.inf for config in (before, after)]
    counts = {"explorer.paths": (paths(before), paths(after)), "input.limit": limits}
    return [
        f"{name}: {old} there, {new} now; it may grow, but not shrink"
        for name, (old, new) in counts.items()
        if new < old
    ]
