"""Where a database is: a path or an SQLite URL, on a file system that can hold one."""

from __future__ import annotations

from pathlib import Path

from ...errors import ConfigError, StoreError

_NETWORK = ("nfs", "cifs", "smb", "afs", "ceph", "glusterfs", "fuse.sshfs", "sshfs", "fuse.glusterfs", "fuse.ceph")
"""File systems that reach over a network. Not 9p and virtiofs: a container's own root may be one."""


def parse_where(where: str) -> Path:
    """The file that a path or an `sqlite:///` URL names; `~` is the home folder.

    Raises:
        ConfigError: It names no file, or a database that cannot be used yet.
    """
    scheme, separator, rest = where.partition("://")
    if separator:
        if scheme.partition("+")[0] != "sqlite":
            raise ConfigError(
                f"`store`: only SQLite can be used yet, not {scheme!r}: give a path, or sqlite:///path/to/file."
            )
        if not rest.startswith("/") or "?" in rest:
            raise ConfigError("`store`: an SQLite URL is sqlite:///path/to/file, without a host or parameters.")
        where = rest[1:]
    if not where or where == ":memory:":
        raise ConfigError("`store`: a database in a file needs a path; in memory it is AsyncClient(store=':memory:').")
    return Path(where).expanduser().absolute()


def prepare(path: Path, mounts: Path = Path("/proc/mounts")) -> None:
    """Make the folder of a database, and refuse one that other machines may share.

    Raises:
        StoreError: The path is a folder's; or its folder cannot be made, or is on a network file system.
    """
    kind = network_file_system(path, mounts)
    if path.is_dir():
        raise StoreError(f"{path} is a folder: name a file in it by `store=`, like {path / 'anyassistant.sqlite3'}.")
    if kind is not None:
        raise StoreError(
            f"The database {path} would be on a network file system ({kind}), where SQLite's locks and its log in "
            "shared memory do not hold and the file would be damaged. Name a file on a local disk by `store=`."
        )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"The folder {path.parent} for the database cannot be made: {error.strerror}. "
            "Make it, or name another by `store=`."
        ) from error


def network_file_system(path: Path, mounts: Path) -> str | None:
    """The kind of network file system on which a path is; None for a local one, and where that cannot be told."""
    try:
        lines = mounts.read_text("utf-8", "surrogateescape").splitlines()
    except OSError:  # no Linux
        return None
    resolved = path.resolve()
    found, kind = Path("/"), ""
    for line in lines:
        fields = line.split(" ")
        if len(fields) < 3:
            continue
        folder = Path(fields[1].replace("\\040", " ").replace("\\011", "\t").replace("\\134", "\\"))
        if resolved.is_relative_to(folder) and len(folder.parts) >= len(found.parts):  # of equals, the later hides
            found, kind = folder, fields[2]
    return kind if kind.startswith(_NETWORK) else None
