"""Where a database may be: not on a file system that other machines share."""

from __future__ import annotations

from pathlib import Path

import pytest
from anyassistant.errors import StoreError
from anyassistant.store.sql import where

MOUNTS = """\
/dev/vda / ext4 rw,relatime 0 0
proc /proc proc rw 0 0
server:/export /mnt/nfs nfs4 rw,vers=4.2 0 0
//server/share /mnt/with\\040space cifs rw 0 0
user@host:/ /mnt/nfs/ssh fuse.sshfs rw 0 0
/dev/vdb /mnt/nfs/disk ext4 rw 0 0
host /mnt/9p 9p rw,trans=virtio 0 0
tag /mnt/virtiofs virtiofs rw 0 0
overlay /mnt/overlay overlay rw 0 0
server:/other /mnt/twice nfs rw 0 0
/dev/vdc /mnt/twice ext4 rw 0 0
"""


@pytest.fixture
def mounts(tmp_path: Path) -> Path:
    (tmp_path / "mounts").write_text(MOUNTS)
    return tmp_path / "mounts"


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/mnt/nfs/store.sqlite3", "nfs4"),
        ("/mnt/nfs/some/folder/store.sqlite3", "nfs4"),
        ("/mnt/with space/store.sqlite3", "cifs"),
        ("/mnt/nfs/ssh/store.sqlite3", "fuse.sshfs"),
        ("/mnt/nfs/disk/store.sqlite3", None),
        ("/mnt/nfsother/store.sqlite3", None),
        ("/mnt/9p/store.sqlite3", None),
        ("/mnt/virtiofs/store.sqlite3", None),
        ("/mnt/overlay/store.sqlite3", None),
        ("/mnt/twice/store.sqlite3", None),
        ("/home/me/store.sqlite3", None),
    ],
)
def test_the_innermost_mount_tells(mounts: Path, path: str, kind: str | None) -> None:
    assert where.network_file_system(Path(path), mounts) == kind


def test_a_link_onto_a_network_file_system_is_followed(mounts: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/mnt/nfs")
    assert where.network_file_system(tmp_path / "link" / "store.sqlite3", mounts) == "nfs4"


def test_it_is_refused_with_the_reason_and_the_way_out(mounts: Path) -> None:
    with pytest.raises(StoreError, match=r"network file system \(nfs4\).*local disk by `store=`"):
        where.prepare(Path("/mnt/nfs/store.sqlite3"), mounts)
    assert not Path("/mnt/nfs").exists()


def test_where_nothing_can_be_told_nothing_is_refused(tmp_path: Path) -> None:
    where.prepare(tmp_path / "folder" / "store.sqlite3", tmp_path / "no mounts")
    assert (tmp_path / "folder").is_dir()
