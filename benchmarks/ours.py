"""One run of a2r_ray, in one of its schedules, as its Python API runs it.

Prints one line of JSON: seconds from the start of this process to the receipt, tokens by role as the receipt counts
them, and tokens per second from the first request sent to the last result as the tables show it.

    python -m benchmarks.ours streaming --problems 96 --fullness streaming.csv
"""

import os
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.fullness import Recorder
from benchmarks.timeline import Timeline
from benchmarks.workload import Workload, config, process_age, report

os.environ.setdefault("HF_HUB_OFFLINE", "1")


def main() -> None:
    parser = Workload.parser(__doc__)
    parser.add_argument("schedule", choices=["streaming", "phased", "shared"])
    parser.add_argument("--max-num-seqs", type=int, help="default: what a2r takes by itself")
    parser.add_argument("--fullness", type=Path, metavar="FILE", help="write how full the engines were, as CSV")
    arguments = parser.parse_args()
    work = Workload.of(arguments)
    engine_args = {} if arguments.max_num_seqs is None else {"max_num_seqs": arguments.max_num_seqs}
    with tempfile.TemporaryDirectory() as folder:
        _run(work, config(work, arguments.schedule, Path(folder), engine_args), arguments.fullness)


def _run(work: Workload, document: dict[str, Any], fullness: Path | None) -> None:
    from a2r_ray import parse_config, run

    parsed = parse_config(document)
    recorder = Recorder(parsed)
    summary = run(parsed, recorder)
    wall_s = process_age()
    started = time.time() - wall_s
    if fullness is not None:
        recorder.write(fullness)
    timeline, tokens = Timeline.of(parsed.output), summary.receipt["tokens"]
    report(
        work,
        wall_s=wall_s,
        window_s=timeline.window_s,
        tokens=(tokens["explorer"]["completion"], tokens["synthesizer"]["completion"]),
        schedule=document["schedule"],
        balanced=summary.receipt["balanced"],
        first_request_after_s=round(timeline.first_request - started, 2),
        first_answer_after_s=round(timeline.first_result - started, 2),
    )


if __name__ == "__main__":
    main()
