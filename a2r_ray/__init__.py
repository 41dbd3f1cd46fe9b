"""A2R on Ray: a small explorer samples paths, a larger synthesizer reads them and answers.

``explore`` and ``synthesize`` compose onto any Ray Dataset; ``run`` drives a whole config. Importing this package
imports neither Ray nor an engine.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from a2r_ray.cluster.api import explore, synthesize
    from a2r_ray.cluster.driver import run
    from a2r_ray.config.loading import load_config, parse_config
    from a2r_ray.config.schema import Config

__all__ = ["Config", "explore", "load_config", "parse_config", "run", "synthesize"]


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name in {"explore", "synthesize"}:
        return getattr(import_module("a2r_ray.cluster.api"), name)
    if name == "run":
        return import_module("a2r_ray.cluster.driver").run
    if name in {"load_config", "parse_config"}:
        return getattr(import_module("a2r_ray.config.loading"), name)
    if name == "Config":
        return import_module("a2r_ray.config.schema").Config
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
