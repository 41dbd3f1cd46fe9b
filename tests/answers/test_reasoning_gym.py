"""Every thread finds every dataset, and one that lacks its solver says so."""

import subprocess
import sys

FIRST_IMPORT = """
import importlib.util
from concurrent.futures import ThreadPoolExecutor
real = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: None if name == "pycosat" else real(name, *rest)
from a2r_ray.answers.reasoning_gym import factory
with ThreadPoolExecutor(8) as pool:
    found = list(pool.map(lambda _: len(factory().DATASETS), range(8)))
assert len(set(found)) == 1 and found[0] > 90, found
assert factory().create_dataset("chain_sum", size=1, seed=1)[0]["answer"]
try:
    factory().create_dataset("zebra_puzzles", size=1, seed=1)[0]
except ImportError as error:
    print(error)
"""


def test_threads_that_import_at_once_find_every_dataset_and_only_the_one_that_solves_needs_the_solver() -> None:
    said = subprocess.check_output([sys.executable, "-c", FIRST_IMPORT], text=True)
    assert "zebra_puzzles needs pycosat" in said
