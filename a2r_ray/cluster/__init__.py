"""All of Ray: the connection, the graph of pools, what feeds it and who watches it."""

import os

# Ray's native code reads them when it is loaded: with its own, it looks for the head of a cluster that is not there for
# 40 s. They are for this process alone: Ray's others inherit its environment.
_SOONER = {"RAY_gcs_rpc_server_connect_timeout_s": "3", "RAY_py_gcs_connect_timeout_s": "10"}
_ours = {name: value for name, value in _SOONER.items() if name not in os.environ}
os.environ.update(_ours)
import ray  # noqa: E402, F401

for _name in _ours:
    del os.environ[_name]
