"""Limits are judged by what the kernel says of processes and files, seen from outside."""

from __future__ import annotations

import os
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from improver.ports import Limits
from improver.sandbox.watch import Disk, Watch, measure, namespace_of, shared_out, unlinked, used_by

PLENTY = Limits(memory=1 << 50, processes=1 << 30, disk=1 << 50)


def test_the_processes_of_a_namespace_are_counted_with_what_they_use() -> None:
    usage = measure(namespace_of(os.getpid()), 1 << 30)
    assert os.getpid() in usage.pids
    assert usage.threads >= len(usage.pids) > 0
    assert usage.resident > 1 << 20


def test_counting_stops_soon_after_the_limit() -> None:
    assert len(measure(namespace_of(os.getpid()), 0).pids) == 1


def test_a_process_that_is_gone_has_no_namespace_and_uses_nothing() -> None:
    assert namespace_of(0) == ""
    assert namespace_of(1 << 22 | 1) == ""
    assert measure("pid:[0]", 10).pids == ()
    assert shared_out([1 << 22 | 1]) == 0


def test_pages_that_processes_share_count_once() -> None:
    resident = measure(namespace_of(os.getpid()), 1 << 30).resident
    assert 0 < shared_out([os.getpid()]) <= resident


def test_a_run_whose_first_process_is_not_known_yet_has_passed_no_limit(tmp_path: Path) -> None:
    assert Watch(lambda: 0, [tmp_path], Limits(processes=0))(1) == ""


def test_files_count_by_the_blocks_they_take_and_links_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "deep/er").mkdir(parents=True)
    (tmp_path / "deep/er/file").write_bytes(bytes(1 << 20))
    with (tmp_path / "sparse").open("wb") as stream:
        stream.truncate(1 << 40)
    (tmp_path / "link").symlink_to("/usr")
    assert 1 << 20 <= used_by(tmp_path) < 2 << 20
    assert used_by(tmp_path / "absent") == 0


@given(st.lists(st.integers(0, 100_000), max_size=5))
def test_a_folder_uses_at_least_what_its_files_hold(sizes: list[int]) -> None:
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as name:
        for number, size in enumerate(sizes):
            Path(name, str(number)).write_bytes(b"x" * size)
        assert used_by(Path(name)) >= sum(size for size in sizes if size > 4096)


def test_a_file_that_is_open_and_has_no_name_any_more_counts(tmp_path: Path) -> None:
    device = frozenset([tmp_path.stat().st_dev])
    before = unlinked([os.getpid()], device)
    with (tmp_path / "file").open("wb") as stream:
        os.posix_fallocate(stream.fileno(), 0, 1 << 20)
        assert unlinked([os.getpid()], device) == before
        (tmp_path / "file").unlink()
        assert unlinked([os.getpid()], device) >= before + (1 << 20)


def test_without_writable_folders_no_disk_is_used() -> None:
    assert not Disk([], 0).is_over([os.getpid()])
