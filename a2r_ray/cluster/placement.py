"""temporary"""

from collections.abc import Sequence
import ray
from a2r_ray.method.compile import Pool


def fits(shares: Sequence[tuple[Pool, int]]) -> bool:
    nodes = [dict(node["Resources"]) for node in ray.nodes() if node["Alive"]]
    for pool, count in shares:
        if pool.engine is None:
            continue
        want = {"CPU": pool.engine.resources.cpus, "GPU": pool.engine.gpus}
        if pool.engine.resources.accelerator_type:
            want["accelerator_type:" + pool.engine.resources.accelerator_type] = 0.001
        for _ in range(count):
            for node in nodes:
                if all(node.get(k, 0) >= v for k, v in want.items() if v):
                    for k, v in want.items():
                        node[k] = node.get(k, 0) - v
                    break
            else:
                return False
    return True
