"""Makes training data: the synthesized reasoning of verified answers, a chat per sample.

ray job submit --working-dir . -- python jobs/distill.py --config examples/cluster-qwen3.yaml --to s3://bucket/samples.jsonl
"""

import sys

import click

from a2r_ray.cli import COMPLETE, REJECTS, guarded
from a2r_ray.cli.commands import on_changes, run_to_exit_code
from a2r_ray.config.loading import load_config
from a2r_ray.config.local_files import outlasting
from a2r_ray.export import check_samples_target, write_samples
from a2r_ray.runs.storage import Storage
from a2r_ray.runs.target import check_target


@click.command(help=__doc__)
@click.option("--config", required=True, help="The config, a YAML file; its input has reference answers.")
@click.option("--set", "overrides", multiple=True, metavar="FIELD=VALUE", help="Override a field, by dotted name.")
@on_changes
@click.option("--to", required=True, help="The .jsonl or .parquet file to write, local or a URI.")
def main(config: str, overrides: tuple[str, ...], changed: str, to: str) -> int:
    """Runs the config, then writes the samples; rejects are no failure, they make no sample."""
    loaded, to = load_config(config, overrides), outlasting(to, f"--to {to}")
    check_samples_target(to)
    check_target(loaded, to)
    code = run_to_exit_code(loaded, redo_changed=changed == "redo")
    if code not in (COMPLETE, REJECTS):
        return code
    click.echo(f"{write_samples(Storage(loaded.output), to):,} samples in {to}")
    return COMPLETE


if __name__ == "__main__":
    sys.exit(guarded(lambda: main(standalone_mode=False)))
