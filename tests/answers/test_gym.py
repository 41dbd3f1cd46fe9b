"""Every thread finds every dataset, and one that lacks its solver says so."""

import subprocess
import sys

CONCURRENT = """
from concurrent.futures import ThreadPoolExecutor
from a2r_ray.answers.gym import factory
with ThreadPoolExecutor(8) as pool:
    found = list(pool.map(lambda _: len(factory().DATASETS), range(8)))
assert len(set(found)) == 1 and found[0] > 90, found
"""

WITHOUT_A_SOLVER = """
import importlib.util, sys
real = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: None if name == "pycosat" else real(name, *rest)
from a2r_ray.answers.gym import factory
assert factory().create_dataset("chain_sum", size=1, seed=1)[0]["answer"]
try:
    factory().create_dataset("zebra_puzzles", size=1, seed=1)[0]
except ImportError as error:
    print(error)
"""


def test_threads_that_import_at_once_all_find_every_dataset() -> None:
    subprocess.run([sys.executable, "-c", CONCURRENT], check=True)


def test_only_the_dataset_that_solves_needs_the_solver() -> None:
    said = subprocess.check_output([sys.executable, "-c", WITHOUT_A_SOLVER], text=True)
    assert "zebra_puzzles needs pycosat" in said
