"""Who may import what: the core neither Ray nor an engine, and each of those only in its own files."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "a2r_ray"
CORE = [
    *(
        "records",
        "config",
        "errors",
        "prompts",
        "answers",
        "judge",
        "voting",
        "metrics",
        "cost",
        "schedule",
        "verifiers",
    ),
    *(
        "explore",
        "synthesize",
        "trial",
        "drain",
        "replica",
        "engines",
        "engines.simulated",
        "runs.table",
        "runs.index",
        "runs.ledger",
        "runs.receipt",
        "sources",
    ),
]

BLOCKED = """
import importlib, sys
class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"ray", "vllm", "torch", "transformers"}:
            raise ImportError(f"{name} is not for the core")
sys.meta_path.insert(0, Blocker())
importlib.import_module(sys.argv[1])
"""


@pytest.mark.parametrize("module", CORE)
def test_the_core_works_without_ray_and_vllm(module: str) -> None:
    subprocess.run([sys.executable, "-c", BLOCKED, f"a2r_ray.{module}"], check=True)


def importers(package: str) -> set[str]:
    found = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            if any(name.partition(".")[0] == package for name in names):
                found.add(str(path.relative_to(PACKAGE)))
    return found


def test_ray_and_vllm_stay_in_their_files() -> None:
    assert importers("ray") == {"pipeline.py", "board.py", "cluster.py"}
    assert importers("vllm") == {"engines/vllm.py", "engines/vllm_cpu.py"}
