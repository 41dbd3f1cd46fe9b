"""How full the engines were: the share of their seats (``max_num_seqs``) that was taken, over time.

``benchmarks.ours --fullness FILE`` records it. This script draws a panel per file and prints a line of JSON for each:
the mean share of busy seats from the first to the last sample in which any replica had a request.

    python -m benchmarks.fullness streaming.csv shared.csv --output fullness.svg
"""

import csv
import json
import time
from argparse import ArgumentParser
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Self

from a2r_ray.config.schema import Config


@dataclass(frozen=True)
class Sample:
    """What one replica reported at one moment."""

    at: float
    replica: str
    pool: str
    running: int
    waiting: int
    seats: int

    @classmethod
    def of(cls, row: Mapping[str, str]) -> Self:
        """The sample in a row of the CSV."""
        numbers = {name: int(row[name]) for name in ("running", "waiting", "seats")}
        return cls(float(row["at"]), row["replica"], row["pool"], **numbers)


class Recorder:
    """An observer of ``a2r_ray.run`` that keeps every report of every replica."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._samples: dict[tuple[str, float], Sample] = {}

    def __call__(self, progress: Any) -> None:
        """Keeps what is new."""
        for replica, said in progress.replicas.items():
            if said["loading"]:
                continue
            engine = self._config.synthesizer if said["pool"] == "synthesizer" else self._config.explorer
            seats = engine.max_num_seqs if engine else 0
            counts = (said["running"], said["waiting"], seats)
            at = time.time() - said["age_s"]
            self._samples[replica, round(at, 1)] = Sample(at, replica, said["pool"], *counts)

    def write(self, file: Path) -> None:
        """Writes the samples as CSV, by time."""
        with file.open("w", encoding="utf-8", newline="") as stream:
            rows = csv.DictWriter(stream, [field.name for field in fields(Sample)])
            rows.writeheader()
            rows.writerows(asdict(sample) for sample in sorted(self._samples.values(), key=lambda sample: sample.at))


def main() -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("--output", type=Path, default=Path("fullness.svg"), help="default: %(default)s")
    arguments = parser.parse_args()
    panels = {file.stem: _busy(_read(file)) for file in arguments.files}
    for name, samples in panels.items():
        print(json.dumps({"run": name, **_shares(samples)}))
    _draw(panels, arguments.output)


def _read(file: Path) -> list[Sample]:
    with file.open(encoding="utf-8", newline="") as stream:
        return [Sample.of(row) for row in csv.DictReader(stream)]


def _busy(samples: Sequence[Sample]) -> list[Sample]:
    """The samples from the first to the last request."""
    moments = [sample.at for sample in samples if sample.running or sample.waiting]
    return [sample for sample in samples if min(moments) <= sample.at <= max(moments)]


def _shares(samples: Sequence[Sample]) -> dict[str, float]:
    """The mean share of busy seats, of all replicas and of each role."""
    groups = {"all": list(samples), **_grouped(samples)}
    return {name: round(sum(s.running for s in own) / sum(s.seats for s in own), 3) for name, own in groups.items()}


def _grouped(samples: Sequence[Sample]) -> dict[str, list[Sample]]:
    groups: dict[str, list[Sample]] = defaultdict(list)
    for sample in samples:
        groups[sample.pool].append(sample)
    return dict(groups)


def _draw(panels: Mapping[str, Sequence[Sample]], output: Path) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(len(panels), figsize=(7, 1 + 1.8 * len(panels)), sharex=True, squeeze=False)
    for axis, (name, samples) in zip(axes.flat, panels.items(), strict=True):
        start = min(sample.at for sample in samples)
        for role, own in sorted(_grouped(samples).items()):
            share = f"{role}, {_shares(own)['all']:.0%} busy"
            axis.step([s.at - start for s in own], [s.running for s in own], where="post", label=share)
        axis.axhline(max(sample.seats for sample in samples), color="grey", linestyle=":", linewidth=1)
        axis.set(title=name, ylabel="requests running", ylim=(0, None))
        axis.legend(loc="lower left", fontsize="small")
    axes.flat[-1].set_xlabel("seconds since the first request")
    figure.tight_layout()
    figure.savefig(output)


if __name__ == "__main__":
    main()
