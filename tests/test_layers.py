"""Who may import what: the core neither Ray nor an engine, and each of those only in its own files."""

import ast
import re
import subprocess
import sys
from pathlib import Path

PACKAGE = Path(__file__).parent.parent / "a2r_ray"
ORDER = [
    ("records", "errors", "prompts", "thinking"),
    ("config",),
    ("answers",),
    ("engines", "method"),
    ("runs",),
    ("sources", "evaluate"),
    ("replica",),
    ("cluster",),
    ("annotate", "export", "preview", "terminal", "validate", "verify"),
    ("cli",),
]
"""Lowest first: a module imports from its own row and from those above it in this list, never from those below."""

CORE = sorted(
    ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__")
    for path in PACKAGE.rglob("*.py")
    if path.relative_to(PACKAGE).parts[0] not in ("cluster", "__init__.py")
    and path.relative_to(PACKAGE).parts[:2] != ("engines", "vllm")
)
"""Read from the tree: everything but what is Ray's or vLLM's."""

BLOCKED = """
import importlib, sys
class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"ray", "vllm", "torch", "transformers"}:
            raise ImportError(f"{name} is not for the core")
sys.meta_path.insert(0, Blocker())
for module in sys.argv[1:]:
    importlib.import_module(module)
"""


def test_the_core_works_without_ray_and_vllm() -> None:
    subprocess.run([sys.executable, "-c", BLOCKED, *(f"a2r_ray.{module}" for module in CORE)], check=True)


def importers(package: str) -> set[str]:
    found = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            if any(name.partition(".")[0] == package for name in names):
                found.add(str(path.relative_to(PACKAGE)))
    return found


def test_ray_and_vllm_stay_in_their_folders() -> None:
    assert {name.partition("/")[0] for name in importers("ray")} == {"cluster"}
    assert {name.rpartition("/")[0] for name in importers("vllm")} == {"engines/vllm"}


def test_imports_point_down() -> None:
    floor = {name: number for number, row in enumerate(ORDER) for name in row}
    wrong = []
    for path in PACKAGE.rglob("*.py"):
        own = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        if own == "__init__":
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.partition(".")[0] == "a2r_ray":
                names = (
                    [alias.name for alias in node.names] if node.module == "a2r_ray" else [node.module.split(".")[1]]
                )
                wrong += [f"{path.relative_to(PACKAGE)} imports {name}" for name in names if floor[name] > floor[own]]
    assert wrong == []


ROLES_UNKNOWN = [
    *("runs", "replica"),
    *("cluster/graph.py", "cluster/monitor.py", "cluster/pool_health.py", "cluster/rows.py"),
]


def test_the_machine_knows_no_role() -> None:
    role = re.compile(r"explorer|synthesizer|\bboth\b")
    places = [PACKAGE / name for name in ROLES_UNKNOWN]
    files = [path for place in places for path in ([place] if place.is_file() else place.rglob("*.py"))]
    assert len(files) > 15
    assert {str(path.relative_to(PACKAGE)) for path in files if role.search(path.read_text())} == set()


def test_private_names_of_ray_and_vllm_stand_in_one_file_each() -> None:
    private = re.compile(
        r"ray\._private|ray\.data\._internal|ray\._raylet|\.core_worker\b|_logical_plan|\bvllm\.\S*\._|mkldnn\._"
    )
    users = {str(path.relative_to(PACKAGE)) for path in PACKAGE.rglob("*.py") if private.search(path.read_text())}
    assert users == {
        "cluster/private.py",
        "cluster/execution.py",
        "cluster/steered_pools.py",
        "engines/vllm/private.py",
    }


def test_no_file_is_too_long_and_few_stand_at_the_top() -> None:
    lengths = {str(path.relative_to(PACKAGE)): len(path.read_text().splitlines()) for path in PACKAGE.rglob("*.py")}
    assert {name: length for name, length in lengths.items() if length > 330} == {}
    assert len(list(PACKAGE.glob("*.py"))) <= 12
