"""Hugging Face datasets: one of the hub, or a local folder, saved with ``save_to_disk`` or of data files.

Values come as they are stored, but that a class label is its name: images and audio stay undecoded, and no code of a
dataset is run.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from a2r_ray.config.input import InputConfig
from a2r_ray.config.local_files import without_job_copy
from a2r_ray.errors import InputError
from a2r_ray.sources.columns import check_columns
from a2r_ray.sources.file import IS_RUN
from a2r_ray.sources.location import Location
from a2r_ray.sources.rows import RawRow
from a2r_ray.sources.tables import column_names, table_rows

_BATCH = 256


@dataclass(frozen=True, slots=True)
class HuggingFaceDataset:
    """The rows of one split."""

    config: InputConfig
    name: str
    dataset: Any

    def rows(self) -> Iterator[RawRow]:
        yield from table_rows(self.name, self.dataset.with_format("arrow").iter(batch_size=_BATCH))

    def count(self) -> int:
        return len(self.dataset)

    def version(self) -> str:
        return str(self.dataset._fingerprint)  # noqa: SLF001 (it has no public name)


def open_dataset(config: InputConfig) -> HuggingFaceDataset:
    """The split that the config names.

    Raises:
        InputError: there is no such dataset, subset or split, it cannot be fetched, or it lacks a configured column.
    """
    import datasets
    from huggingface_hub.utils.tqdm import disable_progress_bars

    datasets.disable_progress_bars()
    disable_progress_bars()
    name = ":".join(part for part in (without_job_copy(config.path), config.subset, config.split) if part)
    folder = Path(str(config.path)).expanduser()
    try:
        if (folder / "dataset_dict.json").exists() or (folder / "state.json").exists():
            dataset = _saved(datasets.load_from_disk(str(folder)), config)
        else:
            dataset = _loaded(folder, config)
    except (OSError, ValueError, KeyError, RuntimeError, datasets.exceptions.DatasetsError) as error:
        raise InputError(f"{name}: cannot be loaded: {' '.join(str(error).split())}\n{_remedy(error)}") from error
    check_columns(name, column_names(dataset.features.arrow_schema), config)
    return HuggingFaceDataset(config, name, dataset)


def _saved(saved: Any, config: InputConfig) -> Any:
    """The split in what was saved with ``save_to_disk``: several, by name, or a single one."""
    if config.subset:
        raise InputError(f"{config.path}: it was saved with save_to_disk and has no subsets; leave input.subset out")
    splits = list(saved) if isinstance(saved, dict) else [str(saved.split)] if saved.split else []
    if splits and config.split not in splits:
        raise InputError(f"{config.path}: no split `{config.split}`; set input.split to one of {', '.join(splits)}")
    return saved[config.split] if isinstance(saved, dict) else saved


def _loaded(folder: Path, config: InputConfig) -> Any:
    """The split as the library loads it, from the folder where there is one."""
    from datasets import load_dataset

    if folder.is_file():
        raise InputError(f"{config.path}: it is a file; set input.source to file")
    if not folder.is_dir() and str(config.path).startswith((".", "/", "~")):
        raise InputError(f"{config.path}: no such folder; give a folder that is there or the name of a dataset")
    if folder.is_dir():
        _check_no_run(str(folder))
    return load_dataset(str(folder) if folder.is_dir() else config.path, config.subset, split=config.split)


def _check_no_run(folder: str) -> None:
    """The library would read whatever a run has written."""
    listing = Location.of(folder).listing()
    if listing.is_run:
        raise InputError(f"{folder}: {IS_RUN}")
    if listing.runs:
        raise InputError(f"{folder}: it holds the folder of a run, {listing.runs[0]}: that is no input; move it away")


def _remedy(error: Exception) -> str:
    """What would help, as far as the error tells."""
    if isinstance(error, ConnectionError):
        offline = any(os.environ.get(name, "0") not in {"", "0"} for name in ("HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE"))
        reach = "unset HF_HUB_OFFLINE" if offline else "check the network"
        return f"{reach}, or bring the dataset in a folder: `save_to_disk` on a machine that has it, and input.path"
    return "check input.path, input.subset and input.split; a private dataset needs HF_TOKEN"
