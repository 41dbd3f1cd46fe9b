"""The target of what is made of a run: looked at before the run, so that nothing fails after it."""

from pathlib import Path

from pyarrow import fs

from a2r_ray.config.enclosing import reads
from a2r_ray.config.local_files import unwritable
from a2r_ray.config.schema import Config
from a2r_ray.config.secrets import public
from a2r_ray.errors import OutputError
from a2r_ray.runs.storage import Storage


def check_target(config: Config, target: str) -> None:
    """Raises OutputError where the file cannot be written, or would be read by the next run of the config."""
    if config.input.path is not None and reads(config.input.path, target):
        raise OutputError(f"{public(target)}: it is, or would be, part of the input; name a file outside of it")
    if reads(config.output, target):
        raise OutputError(f"{public(target)}: it lies in the run folder; name a file outside of it")
    folder, _, name = target.partition("?")[0].rpartition("/")
    if not name:
        raise OutputError(f"{public(target)}: it names a folder; name a file")
    if "://" in target:
        filesystem, path = Storage(target).open()
        try:
            is_folder = filesystem.get_file_info(path).type == fs.FileType.Directory
        except OSError as error:
            raise OutputError(f"{public(target)}: cannot be reached: {public(str(error))}") from error
    else:
        is_folder = Path(target).is_dir()
        if (reason := unwritable(folder or ".")) is not None:
            raise OutputError(f"{target}: cannot be written: {reason}")
    if is_folder:
        raise OutputError(f"{public(target)}: it is a folder; name a file, in it or elsewhere")
