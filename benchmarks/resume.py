"""Resuming a large run: the ledger over many finished paths, and what it takes until new work is done.

Writes a run folder as an earlier attempt would have left it, with every path there and the results of all problems but
a few, and continues it with the simulated engine. Prints one line of JSON: what the index of the ledger takes, seconds
from the start of the command to the first new result and to the receipt, and the peak memory of the driver, of the
task that reads the input, and of the largest replica.

    python -m benchmarks.resume --paths 10000000
"""

import json
import resource
import tempfile
import threading
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pyarrow as pa
import pyarrow.parquet as pq

from a2r_ray.config.schema import Config
from a2r_ray.records import PATH_SCHEMA, RESULT_SCHEMA, now

PER_PROBLEM = 4
MISSING = 200
"""Problems whose result is missing."""
ROWS_PER_FLUSH, FLUSHES_PER_FILE = 2_000, 100
TEXT = "We add the two numbers, carry where it is needed, and look at the result once more before we give it. " * 4


def main() -> None:
    from a2r_ray import parse_config, run

    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--paths", type=int, default=10_000_000)
    parser.add_argument("--folder", type=Path, help="keep the run here; default: a temporary folder")
    arguments = parser.parse_args()
    problems = arguments.paths // PER_PROBLEM
    with tempfile.TemporaryDirectory(dir=arguments.folder) as name:
        folder = Path(name)
        config = parse_config(_document(folder))
        prepare(config, folder, problems)
        index = _index(config)
        peaks: dict[str, float] = {}
        threading.Thread(target=_watch, args=(peaks,), daemon=True).start()
        start, started_at = time.monotonic(), now()
        summary = run(config)
        total_s = time.monotonic() - start
        first_s = min(_new_results(folder / "run", started_at)) - started_at.timestamp()
        report = {
            "paths": arguments.paths,
            **index,
            "first_new_result_s": round(first_s, 1),
            "total_s": round(total_s, 1),
            "sampled": summary.receipt["paths"]["sampled_this_attempt"],
            "balanced": summary.receipt["balanced"],
            "driver_peak_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
            **{f"{title}_peak_mib": round(mib) for title, mib in peaks.items()},
        }
        print(json.dumps(report), flush=True)


def _document(folder: Path) -> dict[str, Any]:
    role = {"engine": "simulated", "model": "simulated", "resources": {"cpus": 1}}
    return {
        "input": {"path": str(folder / "problems.jsonl"), "id_column": "id", "answer_column": "answer"},
        "output": str(folder / "run"),
        "schedule": "streaming",
        "explorer": {**role, "paths": PER_PROBLEM},
        "synthesizer": role,
    }


def prepare(config: Config, folder: Path, problems: int) -> None:
    """Writes the input, and the tables as an earlier attempt would have left them."""
    from a2r_ray.runs.folder import RunFolder

    with (folder / "problems.jsonl").open("w") as file:
        file.writelines(
            f'{{"id": "p{i}", "problem": "What is {i} + {i}?", "answer": {2 * i}}}\n' for i in range(problems)
        )
    RunFolder.open(config).finish("interrupted")
    for table, schema, total in (
        ("paths", PATH_SCHEMA, problems * PER_PROBLEM),
        ("results", RESULT_SCHEMA, problems - MISSING),
    ):
        (folder / "run" / table).mkdir()
        for number, groups in enumerate(_files(total)):
            path = folder / "run" / table / f"old-{number:05d}.parquet"
            with pq.ParquetWriter(path, schema, compression="zstd") as parquet:
                for first, last in groups:
                    parquet.write_table(_rows(config, table, first, last))


def _files(total: int) -> Iterator[list[tuple[int, int]]]:
    """The row groups of each file, by their first and last row."""
    step = ROWS_PER_FLUSH * FLUSHES_PER_FILE
    for file in range(0, total, step):
        end = min(total, file + step)
        yield [(first, min(end, first + ROWS_PER_FLUSH)) for first in range(file, end, ROWS_PER_FLUSH)]


def _rows(config: Config, table: str, first: int, last: int) -> pa.Table:
    rows = np.arange(first, last)
    problems = rows // PER_PROBLEM if table == "paths" else rows
    ids = pa.array([f"p{number}" for number in problems])
    common = {"problem_id": ids, "answer": pa.array([str(2 * number) for number in problems])}
    if table == "paths":
        schema = PATH_SCHEMA
        columns = {
            "path_index": pa.array(rows % PER_PROBLEM, pa.int32()),
            "explorer": config.explorer_fingerprint,
            "text": TEXT,
            "finish_reason": "stop",
            "completion_tokens": 100,
        }
    else:
        schema = RESULT_SCHEMA
        columns = {
            "path_answers": pa.array([[str(2 * number)] * PER_PROBLEM for number in problems]),
            "route": "synthesized",
            "finish_reason": "stop",
            "synthesizer": config.synthesizer_fingerprint,
        }
    columns |= {"error": "", "finished_at": now(), **common}
    return pa.Table.from_arrays([_column(columns.get(field.name), field, len(rows)) for field in schema], schema=schema)


def _column(value: Any, field: pa.Field, rows: int) -> pa.Array:
    if isinstance(value, pa.Array):
        return value.cast(field.type)
    if value is None and pa.types.is_integer(field.type):
        value = 0
    return pa.repeat(pa.scalar(value, field.type), rows)


def _index(config: Config) -> dict[str, float]:
    """What the index of the ledger takes: seconds, and bytes a path."""
    from a2r_ray.runs.done import done_keys
    from a2r_ray.runs.ledger import StoredPaths
    from a2r_ray.runs.storage import Storage
    from a2r_ray.runs.table import count

    run = Storage(config.output)
    start = time.monotonic()
    ledger = StoredPaths(run, [config.explorer_fingerprint])
    ledger.refresh()
    indexed_s = time.monotonic() - start
    start = time.monotonic()
    done_keys(run)
    return {
        "index_s": round(indexed_s, 1),
        "index_bytes_per_path": round(ledger.nbytes / count(run, "paths"), 2),
        "done_s": round(time.monotonic() - start, 1),
    }


def _watch(peaks: dict[str, float]) -> None:
    """Keeps the most memory that each kind of process takes."""
    titles = {"StreamingRepartition": "reader", "(explorer)": "explorer", "(synthesizer)": "synthesizer"}
    while True:
        for process in psutil.process_iter(["cmdline", "memory_info"]):
            text = " ".join(process.info["cmdline"] or [])
            for part, title in titles.items():
                if text.startswith("ray::") and part in text:
                    peaks[title] = max(peaks.get(title, 0), process.info["memory_info"].rss / 2**20)
        time.sleep(0.5)


def _new_results(run: Path, since: Any) -> list[float]:
    files = [file for file in (run / "results").glob("*.parquet") if not file.name.startswith("old-")]
    times = [at for file in files for at in pq.read_table(file, columns=["finished_at"])["finished_at"].to_pylist()]
    return [at.timestamp() for at in times if at > since]


if __name__ == "__main__":
    main()
