"""Whether a run that is asked for is there already, whole: told from its folder and from the input's version alone."""

from typing import Any

from a2r_ray.config import fingerprint
from a2r_ray.config.schema import Config
from a2r_ray.runs import table
from a2r_ray.runs.record import read_receipt, read_record
from a2r_ray.runs.storage import Storage


def finished(config: Config, version: str) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """The record and the receipt of a run that has nothing left to do; None where anything may be.

    Args:
        config: what is asked for.
        version: of its input, as it is now.
    """
    run = Storage(config.output)
    if "run.json" not in run.entries() or (receipt := read_receipt(run)) is None:
        return None
    record, document = read_record(run), config.document
    now = {**record, **config.fingerprints, "config": document}
    same = (
        record["attempts"][-1]["outcome"] == "complete" == receipt["outcome"]
        and receipt["balanced"]
        and record.get("input_version") == version
        and record.get("judged_by") == document["answer"]
        and record["config"]["input"]["limit"] == document["input"]["limit"]
        and fingerprint.same_paths(record["config"], document)
        and not fingerprint.changed(record, now)
    )
    rows = {"results": receipt["ok"], "rejects": receipt["failed"], "paths": receipt["paths"]["stored"]}
    if not same or any(table.count(run, name) != there for name, there in rows.items()):
        return None
    return record, receipt
