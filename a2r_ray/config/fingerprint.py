"""What of a config changes what is generated: the fingerprint of a role, and what may not change within a run folder.

- Whatever is not named here as scheduling counts as generating, so that no field and no engine argument of tomorrow is
  forgotten.
- The fingerprint decides and the fields explain: a role whose fingerprint is the same may be written in another way.
- Configs are taken as documents, as ``run.json`` has them.
"""

import hashlib
import json
import math
from collections.abc import Mapping
from typing import Any

from a2r_ray import prompts
from a2r_ray.config.local_files import without_job_copy

Document = Mapping[str, Any]

_VLLM_SCHEDULING = {
    "over how many devices and machines, and how they talk": """
        tensor_parallel_size pipeline_parallel_size prefill_context_parallel_size decode_context_parallel_size
        dcp_comm_backend dcp_q_replicate dcp_kv_cache_interleave_size cp_kv_cache_interleave_size data_parallel_size
        data_parallel_rank data_parallel_start_rank data_parallel_size_local data_parallel_address
        data_parallel_rpc_port data_parallel_hybrid_lb data_parallel_external_lb data_parallel_multi_port_external_lb
        data_parallel_backend enable_expert_parallel enable_batch_sharded_sampling enable_ep_weight_filter
        all2all_backend enable_elastic_ep enable_eplb eplb_config expert_placement_strategy enable_dbo ubatch_size
        dbo_decode_token_threshold dbo_prefill_token_threshold disable_nccl_for_dp_synchronization
        disable_custom_all_reduce fully_sharded_loras mm_encoder_tp_mode distributed_executor_backend nnodes node_rank
        master_addr master_port distributed_timeout_seconds cpu_distributed_timeout_seconds numa_bind numa_bind_nodes
        numa_bind_cpus device_ids ray_workers_use_nsight
        """,
    "memory and caches": """
        gpu_memory_utilization kv_cache_memory_bytes num_gpu_blocks_override block_size mamba_block_size
        enable_prefix_caching prefix_caching_hash_algo prefix_cache_retention_interval prefix_match_unit
        disable_hybrid_kv_cache_manager watermark offload_backend cpu_offload_gb cpu_offload_params offload_group_size
        offload_num_in_group offload_prefetch_step offload_params kv_offloading_size kv_offloading_backend
        mm_processor_cache_gb mm_processor_cache_type mm_shm_cache_max_object_size_mb mm_tensor_ipc
        mm_ipc_gpu_memory_gb max_cpu_loras enable_sleep_mode enable_cumem_allocator
        """,
    "limits and order of scheduling": """
        max_num_seqs max_num_batched_tokens max_num_scheduled_tokens max_num_queued_reqs max_num_queued_tokens
        long_prefill_token_threshold enable_chunked_prefill disable_chunked_mm_input scheduler_reserve_full_isl
        prefill_schedule_interval scheduling_policy async_scheduling stream_interval renderer_num_workers
        shutdown_timeout fault_tolerance_config enable_fault_tolerance
        """,
    "graphs and compilation": """
        enforce_eager compilation_config optimization_level performance_mode cudagraph_capture_sizes
        max_cudagraph_capture_size enable_flashinfer_autotune specialize_active_lora
        """,
    "how the same weights are fetched": """
        download_dir hf_token max_parallel_loading_workers safetensors_load_strategy safetensors_prefetch_num_threads
        safetensors_prefetch_block_size pt_load_map_location use_tqdm_on_load skip_mm_profiling
        """,
    "logs, metrics and checks": """
        served_model_name disable_log_stats aggregate_engine_logging show_hidden_metrics_for_version
        otlp_traces_endpoint collect_detailed_traces per_request_spec_decode_metrics kv_cache_metrics
        kv_cache_metrics_sample cudagraph_metrics enable_layerwise_nvtx_tracing enable_mfu_metrics
        enable_logging_iteration_details jit_monitor_mode jit_monitor_verbose enable_mm_processor_stats
        profiler_config kv_events_config fail_on_environ_validation
        """,
}
# Not among them, though they sound so: load_format (there is one of random weights), ignore_patterns (which weights),
# worker_cls, worker_extension_cls and scheduler_cls (anybody's code), kv_transfer_config (caches that may be lossy).

SCHEDULING_ARGS = {
    "vllm": frozenset(name for names in _VLLM_SCHEDULING.values() for name in names.split()),
    "openai": frozenset({"max_num_seqs", "timeout", "max_retries", "max_backoff_s"}),
    "simulated": frozenset({"max_num_seqs"}),
}
"""The arguments of each engine that say how it works, and not what comes out."""

_OF_RUN = {"output", "schedule", "answer"}
"""Of ``answer`` the verdicts hang: another one has them made again."""
_OF_ROLE = {"replicas", "resources", "price", "hang_timeout_s", "base_url", "api_key_env", "paths"}
"""Where an openai server is reached says nothing of what it serves; N may grow."""
_OF_INPUT = {"limit"}

_ROLES = {"explorer": "EXPLORE", "synthesizer": "SYNTHESIZE"}
"""Each role's default prompt, by its name in ``prompts``."""
_KNOWN_MARKS = {"marks": "auto"}
_EVER_SAMPLED = ("top_p", "top_k", "min_p", "stop")
"""Sampling that counts as null where it is absent, as it has from the first version on."""
_READS_REFERENCES = {"synthesizer"}


def of_roles(config: Document) -> dict[str, str]:
    """The fingerprint of each role; "" for a role that is absent."""
    return {name: _of_role(name, config[name], config["seed"]) if config[name] else "" for name in _ROLES}


def of_input(source: Document) -> str:
    """Hash of what names the input, not of its content."""
    return _digest(_without(source, _OF_INPUT))


def changed(record: Document, now: Document) -> list[str]:
    """What keeps a config from continuing a run, a line for each field; empty where nothing does.

    Args:
        record: what ``run.json`` of that run holds.
        now: what it would hold, were the config's run a new one. The fingerprints of its roles were made before its
            secrets were left out.
    """
    differing = [name for name in _ROLES if record[name] != now[name]]
    before, after = (_generating(each["config"], differing) for each in (record, now))
    lines = [
        f"{name}: {before.get(name, 'nothing')} there, {after.get(name, 'nothing')} now"
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name)
    ]
    for role in differing:
        if not any(line.startswith((role, "seed:")) for line in lines):
            lines.append(_unseen(role, record))
    return lines + _shrunk(record["config"], now["config"])


def paths(config: Document) -> int:
    """N; 0 where nothing explores."""
    return _bound(config, "max")


def fewest_paths(config: Document) -> int:
    """How many paths every problem has; 0 where nothing explores."""
    return _bound(config, "min")


def wants_more_paths(before: Document, after: Document) -> bool:
    """Whether a result that is of enough paths by one config may be of too few by another."""
    if paths(after) > paths(before) or fewest_paths(after) > fewest_paths(before):
        return True
    old, new = (_until(config) for config in (before, after))
    return new != old and old[0] is not None and (new[0] != old[0] or new[1] > old[1])


def same_paths(one: Document, other: Document) -> bool:
    """Whether two configs have as many paths, by the same rule."""
    return all(of(one) == of(other) for of in (paths, fewest_paths, _until))


def _until(config: Document) -> tuple[str | None, float]:
    given = (config["explorer"] or {}).get("paths", 0)
    if not isinstance(given, Mapping):
        return None, 0.0
    return given["until"], given["confidence"] if given["until"] == "confident" else 0.0


def _bound(config: Document, name: str) -> int:
    given = (config["explorer"] or {}).get("paths", 0)
    return int(given[name] if isinstance(given, Mapping) else given)


def simulated(config: Document) -> list[str]:
    """The roles that are; an explorer whose paths are brought only says how they are read."""
    asked = [name for name in _ROLES if not (name == "explorer" and config["input"]["source"] == "paths")]
    return [name for name in asked if config[name] and config[name]["engine"] == "simulated"]


def _of_role(name: str, role: Document, seed: int | None) -> str:
    """16 hex digits over whatever changes what a role generates, never over how it is scheduled, nor over N."""
    # What is absent is left out, so that a field of tomorrow changes no fingerprint where it is not used.
    generates = {key: value for key, value in _of_generating_role(role).items() if value not in (None, {})}
    generates["sampling"] = dict.fromkeys(_EVER_SAMPLED) | _given(generates["sampling"])
    generates |= {"prompt": role["prompt"] or getattr(prompts, _ROLES[name]), "seed": seed}
    if name in _READS_REFERENCES:
        generates["references"] = [prompts.REFERENCE, prompts.SHOWN]
    return _digest({"revision": None, "simulated": None, **generates})


def _of_generating_role(role: Document) -> dict[str, Any]:
    generates = _without(role, _OF_ROLE)
    if (generates.get("thinking") or _KNOWN_MARKS)["marks"] == _KNOWN_MARKS["marks"]:
        generates.pop("thinking", None)
    return generates | {
        "engine_args": _without(role["engine_args"], SCHEDULING_ARGS[role["engine"]]),
        "chat": {name: value for name, value in _given(role.get("chat") or {}).items() if value != {}},
    }


def _generating(config: Document, roles: list[str]) -> dict[str, str]:
    """The fields that change what a run generates, by dotted name, each as it may be shown; of these roles only."""
    run = _without(config, {*_OF_RUN, *_ROLES}) | {"input": _without(config["input"], _OF_INPUT)}
    run |= {name: _of_generating_role(config[name]) for name in roles if config[name]}
    return _flat(run)


def _flat(section: Document, prefix: str = "") -> dict[str, str]:
    flat: dict[str, str] = {}
    for name, value in section.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{prefix}{name}.")
        elif value is not None or ".engine_args." in prefix:  # a server may take a null for something
            flat[f"{prefix}{name}"] = repr(without_job_copy(value))
    return flat


def _unseen(role: str, record: Document) -> str:
    """Why a role's fingerprint is another one though no field of its is."""
    asked = "its default, or how references are shown to it," if role in _READS_REFERENCES else "its default"
    version = record["versions"].get("a2r-ray")
    return (
        f"{role}.prompt: {asked} is not that of version {version}, which made the folder; set it to that prompt, or "
        "continue with that version (or else a value that run.json keeps secret is another one)"
    )


def _shrunk(before: Document, after: Document) -> list[str]:
    """The fields that may only grow, and did not."""
    limits = [config["input"]["limit"] or math.inf for config in (before, after)]
    counts = {"explorer.paths": (paths(before), paths(after)), "input.limit": limits}
    return [
        f"{name}: {old} there, {new} now; it may grow, but not shrink"
        for name, (old, new) in counts.items()
        if new < old
    ]


def _given(section: Document) -> dict[str, Any]:
    return {name: value for name, value in section.items() if value is not None}


def _without(section: Document, names: set[str] | frozenset[str]) -> dict[str, Any]:
    return {name: value for name, value in section.items() if name not in names}


def _digest(value: Document) -> str:
    """16 hex digits over a document."""
    return hashlib.sha256(json.dumps(_lasting(value), sort_keys=True).encode()).hexdigest()[:16]


def _lasting(value: Any) -> Any:
    """The value with each path in it as it stands in every copy of a job."""
    if isinstance(value, Mapping):
        return {name: _lasting(inner) for name, inner in value.items()}
    return without_job_copy(value)
