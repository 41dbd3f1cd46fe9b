"""Answers a dataset and writes it again with the answers' columns beside its own.

ray job submit --working-dir . -- python jobs/annotate.py --config examples/cluster-qwen3.yaml --to s3://bucket/answered.parquet
"""

import sys

import click

from a2r_ray.annotate import annotate
from a2r_ray.cli import COMPLETE, REJECTS, guarded
from a2r_ray.cli.commands import on_changes, run_to_exit_code
from a2r_ray.config.loading import load_config
from a2r_ray.config.local_files import outlasting
from a2r_ray.runs.target import check_target


@click.command(help=__doc__)
@click.option("--config", required=True, help="The config, a YAML file.")
@click.option("--set", "overrides", multiple=True, metavar="FIELD=VALUE", help="Override a field, by dotted name.")
@on_changes
@click.option("--to", required=True, help="The Parquet file to write, local or a URI.")
def main(config: str, overrides: tuple[str, ...], changed: str, to: str) -> int:
    """Runs the config, then annotates; a run with rejects succeeds, since each keeps its row and its reason."""
    loaded, to = load_config(config, overrides), outlasting(to, f"--to {to}")
    check_target(loaded, to)
    code = run_to_exit_code(loaded, redo_changed=changed == "redo")
    if code not in (COMPLETE, REJECTS):
        return code
    click.echo(f"{annotate(loaded, to):,} rows in {to}")
    return COMPLETE


if __name__ == "__main__":
    sys.exit(guarded(lambda: main(standalone_mode=False)))
