"""What every store promises. A new one joins by a line in `STORES`."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from skyportal_series.errors import InvalidInput, StorageFull
from skyportal_series.store import LEFT_AFTER, LocalStore, Store


def local(folder: Path) -> LocalStore:
    store = LocalStore(folder / "store")
    store.prepare()
    return store


STORES: dict[str, Callable[[Path], Store]] = {"local": local}


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    return STORES[request.param](tmp_path)


def finished(store: Store, content: bytes = b"content") -> Path:
    """A file that is ready to be put."""
    path = store.spool_path(".h5")
    path.write_bytes(content)
    return path


def content(store: Store, key: str) -> bytes:
    with store.open(key) as file:
        return file.read()


def keys(store: Store) -> set[str]:
    return {entry.key for entry in store.list()}


class TestEveryStore:
    def test_what_is_put_can_be_opened(self, store: Store) -> None:
        store.put(finished(store, b"points"), "a/b/c.h5")
        assert content(store, "a/b/c.h5") == b"points"

    def test_the_source_is_moved(self, store: Store) -> None:
        source = finished(store)
        store.put(source, "a.h5")
        assert not source.exists()

    def test_a_taken_key_keeps_its_bytes(self, store: Store) -> None:
        store.put(finished(store, b"first"), "a/b.h5")
        with pytest.raises(FileExistsError):
            store.put(finished(store, b"second"), "a/b.h5")
        assert content(store, "a/b.h5") == b"first"

    def test_a_source_that_is_not_there(self, store: Store) -> None:
        with pytest.raises(FileNotFoundError):
            store.put(store.spool_path(".h5"), "a/b.h5")

    def test_nothing_is_there_to_open(self, store: Store) -> None:
        with pytest.raises(FileNotFoundError):
            store.open("a/b.h5")

    def test_what_is_deleted_is_gone(self, store: Store) -> None:
        store.put(finished(store), "a/b.h5")
        store.delete("a/b.h5")
        assert keys(store) == set()

    def test_deleting_twice_is_no_error(self, store: Store) -> None:
        store.delete("a/b.h5")
        store.delete("a/b.h5")

    def test_a_neighbour_outlives_a_delete(self, store: Store) -> None:
        store.put(finished(store), "a/b.h5")
        store.put(finished(store, b"neighbour"), "a/c.h5")
        store.delete("a/b.h5")
        assert content(store, "a/c.h5") == b"neighbour"

    def test_an_open_file_keeps_its_bytes(self, store: Store) -> None:
        store.put(finished(store, b"old"), "a/b.h5")
        with store.open("a/b.h5") as file:
            store.delete("a/b.h5")
            assert file.read() == b"old"

    def test_the_list_has_keys_and_sizes_of_what_is_stored_alone(self, store: Store) -> None:
        finished(store)
        for key in ("a.h5", "b/c.h5", "b/d/e.h5"):
            store.put(finished(store, key.encode()), key)
        assert {entry.key: entry.size for entry in store.list()} == {
            "a.h5": 4, "b/c.h5": 6, "b/d/e.h5": 8,
        }  # fmt: skip

    @pytest.mark.parametrize(
        "key", ["", "/etc/passwd", "../a", "a/../../b", "a//b", "a/./b", "a/", "a\0b", ".spool/a"]
    )
    def test_keys_that_lead_out_are_refused(self, store: Store, key: str) -> None:
        with pytest.raises(ValueError, match="not a key"):
            store.put(finished(store), key)

    def test_a_name_that_is_too_long_is_the_asker_s_mistake(self, store: Store) -> None:
        with pytest.raises(InvalidInput, match="shorter series_name"):
            store.put(finished(store), "a" * 300)

    def test_equal_keys_at_once_have_one_winner(self, store: Store) -> None:
        sources = {bytes([number]): finished(store, bytes([number])) for number in range(8)}
        barrier, winners = threading.Barrier(8), []

        def put(name: bytes, source: Path) -> None:
            barrier.wait()
            try:
                store.put(source, "a/b/c.h5")
                winners.append(name)
            except FileExistsError:
                pass

        at_once(*(lambda item=item: put(*item) for item in sources.items()))
        assert winners == [content(store, "a/b/c.h5")]

    def test_putting_and_deleting_in_one_folder_do_not_disturb_each_other(
        self, store: Store
    ) -> None:
        def come_and_go(name: str) -> None:
            for number in range(60):
                key = f"deep/er/folder/{name}_{number}.h5"
                store.put(finished(store), key)
                store.delete(key)

        failures = at_once(*(lambda name=name: come_and_go(name) for name in "abcd"))
        assert failures == []


def at_once(*work: Callable[[], None]) -> list[BaseException]:
    """Run all in threads at the same time; what they raised."""
    failures: list[BaseException] = []

    def run(one: Callable[[], None]) -> None:
        try:
            one()
        except BaseException as failure:  # noqa: BLE001 - for the test to look at
            failures.append(failure)

    threads = [threading.Thread(target=run, args=[one]) for one in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failures


class TestLocalStore:
    def test_file_and_folders_are_on_the_disk_before_put_returns(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        store, synced = local(tmp_path), []
        monkeypatch.setattr(
            os, "fsync", lambda fd: synced.append(str(Path(f"/proc/self/fd/{fd}").readlink()))
        )
        store.put(finished(store), "a/b/c.h5")
        below = ["", "/a", "/a/b", "/a/b/c.h5"]
        assert {f"{store.root}{name}" for name in below} <= set(synced)

    @pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS])
    @pytest.mark.parametrize("step", ["link", "fsync", "mkdir"])
    def test_a_disk_that_fails_leaves_nothing(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, number: int
    ) -> None:
        store = local(tmp_path)
        source = finished(store)

        def fail(*_: object, **__: object) -> None:
            raise OSError(number, os.strerror(number))

        monkeypatch.setattr(os, step, fail)
        with pytest.raises(StorageFull):
            store.put(source, "a/b.h5")
        assert keys(store) == set()

    def test_empty_folders_go(self, tmp_path: Path) -> None:
        store = local(tmp_path)
        store.put(finished(store), "a/b/c.h5")
        store.delete("a/b/c.h5")
        assert [path.name for path in store.root.iterdir()] == [".spool"]

    def test_preparing_clears_the_spool_of_what_is_old(self, tmp_path: Path) -> None:
        store = local(tmp_path)
        old, new = finished(store), finished(store)
        os.utime(old, (0, old.stat().st_mtime - LEFT_AFTER - 10))
        store.prepare()
        assert (old.exists(), new.exists()) == (False, True)

    def test_links_are_not_followed(self, tmp_path: Path) -> None:
        store = local(tmp_path)
        elsewhere = tmp_path / "elsewhere"
        elsewhere.mkdir()
        (elsewhere / "a.h5").write_bytes(b"")
        (store.root / "link").symlink_to(elsewhere)
        assert keys(store) == set()

    def test_a_key_is_found_from_its_path(self, tmp_path: Path) -> None:
        store = local(tmp_path)
        assert store.key(str(store.path("a/b.h5"))) == "a/b.h5"

    @pytest.mark.parametrize("path", ["/etc/passwd", "{root}/../x.h5", "{root}/.spool/x.h5"])
    def test_paths_outside_have_no_key(self, tmp_path: Path, path: str) -> None:
        store = local(tmp_path)
        with pytest.raises(ValueError, match="not"):
            store.key(path.format(root=store.root))
