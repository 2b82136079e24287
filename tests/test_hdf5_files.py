"""DataFrame and metadata to HDF5 and back: what clients write is read, and the other way round."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd
import pytest
from hdf5_recipes import FRAMES, INDEXED, METADATA, as_text, photometry
from hdf5_recipes import read_as_clients_do as recipe_read
from hdf5_recipes import write_as_clients_do as recipe_write
from pandas.testing import assert_frame_equal

from skyportal_series.errors import InvalidFile, InvalidInput
from skyportal_series.utils.hdf5_files import (
    ReadLimits,
    dump_dataframe_to_bytestream,
    load_dataframe_from_bytestream,
    read_columns,
    read_file,
    read_plain,
    write_file,
    write_plain,
)
from skyportal_series.utils.plain_frame import PlainFrame

ALL_FRAMES = FRAMES | {f"index of {name}": frame for name, frame in INDEXED.items()}
TESS = Path(__file__).parents[2] / "shared" / "data" / "TESS_photometric_series1.h5"

OPTIONS: dict[str, dict[str, Any]] = {
    "gzip": {"complevel": 5, "complib": "zlib"},
    "gzip and checksums": {"complevel": 1, "complib": "zlib", "fletcher32": True},
    "columns of their own": {"data_columns": True},
    "an index": {"index": True, "data_columns": ["mjd"]},
    "wide texts": {"min_itemsize": 40},
    "a text for missing ones": {"nan_rep": "--"},
    "a key in a group": {"key": "/night/first"},
    "a key with a dot": {"key": "a.b"},
}


def same(left: pd.DataFrame, right: pd.DataFrame) -> None:
    # The rate of an index of times is what a pickle would have to be run for.
    assert_frame_equal(left, right, check_freq=False)


def in_ns(frame: pd.DataFrame) -> pd.DataFrame:
    """Times are written in the one unit that every pandas reads rightly."""
    return frame.astype(dict.fromkeys(frame.select_dtypes("datetime"), "datetime64[ns]"))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "series.h5"


class TestWhatClientsWrite:
    @pytest.mark.parametrize("name", ALL_FRAMES)
    def test_is_read_as_pandas_reads_it(self, name: str) -> None:
        image = recipe_write(ALL_FRAMES[name])
        same(load_dataframe_from_bytestream(image)[0], recipe_read(image)[0])

    @pytest.mark.parametrize("name", OPTIONS)
    def test_is_read_whatever_the_options(self, name: str) -> None:
        image = recipe_write(FRAMES["types mixed"].assign(s=["--", None, "a"] * 2), **OPTIONS[name])
        same(load_dataframe_from_bytestream(image)[0], recipe_read(image)[0])

    @pytest.mark.parametrize("rows", [1, 2047, 2048, 2049, 5000])
    def test_is_read_at_the_edges_of_chunks(self, rows: int) -> None:
        image = recipe_write(photometry(rows), complevel=1)
        same(load_dataframe_from_bytestream(image)[0], recipe_read(image)[0])

    @pytest.mark.parametrize(
        "metadata",
        [
            METADATA,
            {},
            {"a": (1, (2,)), "b": b"\x00\xff.", "c": {1, 2}, 5: 10**40, "d": [[], {}, ()]},
            {"ü": "\\\n\0'", "nan": "N.", "t": True, "f": False, "x": -1.5e-300, "n": None},
            {"same": ["shared", "shared"], "again": "shared"},
        ],
    )
    def test_its_metadata_is_read(self, metadata: dict[Any, Any]) -> None:
        image = recipe_write(photometry(3), metadata)
        assert load_dataframe_from_bytestream(image)[1] == metadata

    @pytest.mark.parametrize("value", [1.5, 7, True, "text", ""])
    @pytest.mark.parametrize("byte_order", ["<", ">"])
    def test_numpy_scalars_in_metadata_are_read_as_literals(
        self, value: Any, byte_order: str
    ) -> None:
        array = np.array([value])
        scalar = array.astype(array.dtype.newbyteorder(byte_order))[0]
        _, metadata = load_dataframe_from_bytestream(recipe_write(photometry(3), {"x": scalar}))
        assert metadata == {"x": value}
        assert type(metadata["x"]) is type(value)

    @pytest.mark.parametrize("metadata", [None, "text", 5, [1], 2.5])
    def test_metadata_that_is_no_dictionary_counts_as_none(self, metadata: Any) -> None:
        assert load_dataframe_from_bytestream(recipe_write(photometry(3), metadata))[1] == {}

    @pytest.mark.parametrize(
        ("index", "kind"),
        [
            (pd.RangeIndex(70_000), pd.RangeIndex),
            (np.arange(1, 70_001), pd.Index),
            (np.r_[np.arange(69_999), 5], pd.Index),
            (np.arange(70_000.0), pd.Index),
        ],
    )
    def test_an_index_that_counts_takes_no_memory(self, index: Any, kind: type) -> None:
        written = photometry(70_000).set_index(pd.Index(index, name="row"))
        read, _ = load_dataframe_from_bytestream(recipe_write(written))
        assert type(read.index) is kind
        pd.testing.assert_index_equal(read.index, written.index, exact="equiv")

    @pytest.mark.parametrize("encode", [base64.b64encode, lambda b: base64.b64encode(b).decode()])
    def test_may_come_as_base64(self, encode: Any) -> None:
        image = recipe_write(photometry(3))
        same(load_dataframe_from_bytestream(encode(image))[0], recipe_read(image)[0])

    @pytest.mark.skipif(not TESS.exists(), reason="the TESS example is not there")
    def test_the_tess_example_is_read(self) -> None:
        image = TESS.read_bytes()
        frame, metadata = load_dataframe_from_bytestream(image)
        same(frame, recipe_read(image)[0])
        assert metadata == recipe_read(image)[1]


class TestWhatIsWritten:
    @pytest.mark.parametrize("name", ALL_FRAMES)
    def test_opens_with_the_clients_code(self, name: str) -> None:
        image = dump_dataframe_to_bytestream(ALL_FRAMES[name], METADATA, encode=False)
        frame, metadata = recipe_read(image)
        written_by_pandas, _ = recipe_read(recipe_write(ALL_FRAMES[name]))
        same(frame, in_ns(written_by_pandas))
        assert metadata == METADATA

    @pytest.mark.parametrize("name", ALL_FRAMES)
    def test_is_read_again(self, name: str) -> None:
        image = dump_dataframe_to_bytestream(ALL_FRAMES[name], METADATA)
        frame, metadata = load_dataframe_from_bytestream(image)
        same(frame, in_ns(recipe_read(recipe_write(ALL_FRAMES[name]))[0]))
        assert metadata == METADATA

    def test_times_beyond_nanoseconds_are_kept(self) -> None:
        frame = pd.DataFrame({"x": np.array(["0985-01-01", "9999-12-31"], "M8[us]")})
        same(load_dataframe_from_bytestream(dump_dataframe_to_bytestream(frame))[0], frame)

    def test_is_base64_unless_told_otherwise(self) -> None:
        text = dump_dataframe_to_bytestream(photometry(3), METADATA)
        image = dump_dataframe_to_bytestream(photometry(3), METADATA, encode=False)
        assert base64.b64decode(text) == image

    def test_has_the_key_that_was_asked_for(self) -> None:
        image = dump_dataframe_to_bytestream(photometry(3), keyname="other", encode=False)
        with pd.HDFStore(
            "k", "r", driver="H5FD_CORE", driver_core_backing_store=0, driver_core_image=image
        ) as store:
            assert store.keys() == ["/other"]

    def test_has_the_attributes_that_old_pandas_looks_for(self) -> None:
        frame = photometry(3).assign(s=["nan", None, "a"])
        image = dump_dataframe_to_bytestream(frame, METADATA, encode=False)
        with pd.HDFStore(
            "a", "r", driver="H5FD_CORE", driver_core_backing_store=0, driver_core_image=image
        ) as store:
            notes = store.get_storer("phot_series").attrs
            table = store.get_storer("phot_series").table.attrs
            assert notes.pandas_version == "0.15.2"
            assert notes.nan_rep == "_nan_"
            assert notes.values_cols == ["values_block_0", "values_block_1"]
            assert notes.non_index_axes == [(1, ["mjd", "flux", "fluxerr", "s"])]
            assert table.values_block_0_dtype == "float64"
            assert table.values_block_1_kind == ["s"]
            assert table.index_kind == "integer"

    @pytest.mark.skipif("OLD_PANDAS_PYTHON" not in os.environ, reason="OLD_PANDAS_PYTHON not set")
    # pandas 2 takes an index of durations, whoever wrote it, for integers.
    @pytest.mark.parametrize("name", sorted(ALL_FRAMES.keys() - {"index of durations"}))
    def test_opens_with_an_old_pandas(self, name: str, path: Path) -> None:
        frame = ALL_FRAMES[name]
        path.write_bytes(dump_dataframe_to_bytestream(frame, METADATA, encode=False))
        code = (
            "import sys; sys.path.append(sys.argv[1]); from hdf5_recipes import *\n"
            "frame, metadata = read_as_clients_do(open(sys.argv[2], 'rb').read())\n"
            "assert metadata == METADATA\n"
            "print(as_text(frame), end='')"
        )
        run = [os.environ["OLD_PANDAS_PYTHON"], "-c", code, str(Path(__file__).parent), str(path)]
        seen = subprocess.run(run, capture_output=True, check=True, text=True).stdout
        assert seen == as_text(frame)

    def test_numpy_in_metadata_becomes_plain(self) -> None:
        metadata = {"a": np.float32(0.5), "b": np.arange(3), "c": [np.str_("x")], "d": {3, 1}}
        image = dump_dataframe_to_bytestream(photometry(3), metadata, encode=False)
        assert b"numpy" not in image
        assert recipe_read(image)[1] == {"a": 0.5, "b": [0, 1, 2], "c": ["x"], "d": [1, 3]}

    def test_big_endian_columns_are_turned(self) -> None:
        image = dump_dataframe_to_bytestream(pd.DataFrame({"x": np.arange(5, dtype=">f4")}))
        same(
            load_dataframe_from_bytestream(image)[0], pd.DataFrame({"x": np.arange(5, dtype="f4")})
        )

    @pytest.mark.parametrize(("rows", "limit"), [(1, 5_000), (100, 12_000), (1000, 25_000)])
    def test_is_small(self, rows: int, limit: int) -> None:
        assert len(dump_dataframe_to_bytestream(photometry(rows), METADATA, encode=False)) < limit


class TestSameBytes:
    def test_for_equal_frames_and_metadata(self) -> None:
        # Equal texts that are not one object, and keys in another order.
        texts = [str(number) * 3 for number in (1, 1)]
        first = dump_dataframe_to_bytestream(photometry(9), {"a": texts, "b": 1})
        second = dump_dataframe_to_bytestream(photometry(9), {"b": 1, "a": ["111"] * 2})
        assert first == second

    def test_in_another_process(self) -> None:
        code = (
            "import sys; sys.path.append(sys.argv[1]); import hdf5_recipes as r\n"
            "from skyportal_series.utils.hdf5_files import dump_dataframe_to_bytestream as dump\n"
            "print(dump(r.FRAMES['types mixed'], r.METADATA))"
        )
        run = [sys.executable, "-c", code, str(Path(__file__).parent)]
        other = subprocess.run(run, capture_output=True, check=True, text=True).stdout
        assert other.strip() == dump_dataframe_to_bytestream(FRAMES["types mixed"], METADATA)

    def test_on_disk_and_in_memory(self, path: Path) -> None:
        write_file(photometry(50_000), path, METADATA)
        image = dump_dataframe_to_bytestream(photometry(50_000), METADATA, encode=False)
        assert path.read_bytes() == image

    def test_of_metadata_known_at_once_and_late(self, tmp_path: Path) -> None:
        paths = [tmp_path / name for name in ("a", "b")]
        for path, metadata in zip(paths, (METADATA, lambda: METADATA), strict=True):
            write_file(photometry(100), path, metadata)
        assert paths[0].read_bytes() == paths[1].read_bytes()


class TestFiles:
    def test_written_and_read(self, path: Path) -> None:
        write_file(FRAMES["types mixed"], path, METADATA, keyname="k")
        frame, metadata = read_file(path)
        same(frame, in_ns(recipe_read(recipe_write(FRAMES["types mixed"]))[0]))
        assert metadata == METADATA

    @pytest.mark.parametrize("metadata", [METADATA, {}, {"x": "y" * 60_000}])
    def test_metadata_may_come_late(self, metadata: dict[str, Any], path: Path) -> None:
        write_file(photometry(5), path, lambda: metadata)
        assert read_file(path)[1] == metadata
        assert recipe_read(path.read_bytes())[1] == metadata

    def test_columns_come_in_the_order_asked_for(self, path: Path) -> None:
        frame = FRAMES["types mixed"]
        write_file(frame, path)
        columns = read_columns(path, ["f", "flux", "c"])
        assert list(columns) == ["f", "flux", "c"]
        assert columns["f"].tolist() == ["yy"] * 6
        np.testing.assert_array_equal(columns["flux"], frame["flux"])
        np.testing.assert_array_equal(columns["c"], frame["c"])

    @pytest.mark.parametrize("name", ["texts", "missing texts", "times in us", "several chunks"])
    def test_all_columns_come_if_none_are_named(self, name: str, path: Path) -> None:
        write_file(FRAMES[name], path)
        same(pd.DataFrame(read_columns(path)), read_file(path)[0].reset_index(drop=True))

    def test_missing_texts_are_none(self, path: Path) -> None:
        write_file(FRAMES["missing beside nan"], path)
        assert read_columns(path, ["x"])["x"].tolist() == ["nan", None, "_nan_", "a", "b", "c"]

    def test_an_unknown_column_is_named(self, path: Path) -> None:
        write_file(photometry(3), path)
        with pytest.raises(InvalidInput, match=r"no column 'fulx'.*'flux'"):
            read_columns(path, ["fulx"])

    @pytest.mark.parametrize("read", [read_file, read_columns])
    def test_no_file_is_an_error_of_its_own(self, read: Any, path: Path) -> None:
        with pytest.raises(FileNotFoundError):
            read(path)

    def test_a_damaged_chunk_is_noticed(self, path: Path) -> None:
        options = {"complevel": 1, "complib": "zlib", "fletcher32": True}
        path.write_bytes(recipe_write(photometry(5000), **options))
        with h5py.File(path) as file:
            start = file["phot_series/table"].id.get_chunk_info(0).byte_offset
        image = bytearray(path.read_bytes())
        image[start + 500] ^= 1
        with pytest.raises(InvalidFile, match="checksum"):
            load_dataframe_from_bytestream(bytes(image))


class TestRefused:
    @pytest.mark.parametrize(
        ("frame", "reason"),
        [
            (photometry(3).assign(x=pd.Categorical(list("aba"))), r"'x' holds categories.*astype"),
            (photometry(3).assign(x=pd.Timestamp("2024", tz="UTC")), "'x' holds times with a time"),
            (photometry(3).set_index(pd.date_range("2024", periods=3, tz="UTC")), "time zone"),
            (photometry(3).assign(x=1j), "'x' holds complex numbers"),
            (photometry(3).set_index(["mjd", "flux"]), r"several levels.*reset_index"),
            (pd.concat({"a": photometry(3)}, axis=1), "columns have several levels"),
            (photometry(3).set_index(pd.period_range("2024", periods=3)), "periods"),
            (photometry(3)["flux"], r"Series.*to_frame"),
            (photometry(3).set_axis(["a", "a", "b"], axis=1), "Two columns are called 'a'"),
        ],
    )
    def test_a_frame_with_what_is_not_taken(self, frame: Any, reason: str) -> None:
        with pytest.raises(
            InvalidFile, match=f"^Could not load DataFrame from HDF5 file. .*{reason}"
        ):
            load_dataframe_from_bytestream(recipe_write(frame))

    def test_an_index_that_pandas_cannot_have(self, path: Path) -> None:
        write_plain(PlainFrame({"x": np.arange(3)}, index=np.arange(3, dtype=np.float16)), path)
        with pytest.raises(InvalidFile, match="Its index holds numbers of 16 bits"):
            read_plain(path)

    @pytest.mark.parametrize(
        ("options", "reason"),
        [
            ({"complib": "blosc", "complevel": 5}, "zlib"),
            ({"complib": "bzip2", "complevel": 5}, "zlib"),
            ({"encoding": "latin-1"}, "latin-1.*UTF-8"),
        ],
    )
    def test_an_option_that_is_not_taken(self, options: dict[str, Any], reason: str) -> None:
        with pytest.raises(InvalidFile, match=reason):
            load_dataframe_from_bytestream(recipe_write(photometry(3), **options))

    def test_metadata_of_objects(self) -> None:
        image = recipe_write(photometry(3), {"when": pd.Timestamp("2024")})
        with pytest.raises(InvalidFile, match="'metadata' of /phot_series is not taken: it names"):
            load_dataframe_from_bytestream(image)

    @pytest.mark.parametrize("format_", ["fixed", "table"])
    def test_other_than_one_key_in_table_format(self, format_: Any, path: Path) -> None:
        for key in ("a", "b")[: 1 if format_ == "fixed" else 2]:
            photometry(3).to_hdf(path, key=key, format=format_)
        with pytest.raises(InvalidFile, match=r"fixed.*format='table'|got 2: /a, /b"):
            read_file(path)

    def test_an_empty_store(self, path: Path) -> None:
        pd.HDFStore(path, "w").close()
        with pytest.raises(InvalidFile, match=r"Must supply a non-empty DataFrame\."):
            read_file(path)

    def test_a_table_without_rows(self, path: Path) -> None:
        with pd.HDFStore(path, "w") as store:
            store.put("a", photometry(3), format="table", track_times=False)
            store.remove("a", where="index >= 0")
            store.append("a", photometry(3))
            store.get_node("/a/table").remove_rows(0, 3)
        with pytest.raises(InvalidFile, match=r"Must supply a non-empty DataFrame\."):
            read_file(path)

    @pytest.mark.parametrize(
        ("limits", "reason"),
        [
            (ReadLimits(rows=99), "100 rows; limits.rows allows 99"),
            (ReadLimits(columns=2), "3 columns; limits.columns allows 2"),
            (ReadLimits(frame_bytes=3000), "3,200 bytes in memory; limits.frame_bytes allows"),
        ],
    )
    def test_past_a_limit(self, limits: ReadLimits, reason: str) -> None:
        with pytest.raises(InvalidFile, match=reason):
            load_dataframe_from_bytestream(recipe_write(photometry(100)), limits)

    @pytest.mark.parametrize(
        "data", ["", b"", "é", "AAA", "A A=", b"\x00\x01", "aGVsbG8=", "aGVsbG8=\n", b"hello", "{}"]
    )
    def test_what_is_neither_an_image_nor_base64_of_one(self, data: str | bytes) -> None:
        with pytest.raises(
            InvalidFile, match=r"^Could not load DataFrame from HDF5 file\. It is n"
        ):
            load_dataframe_from_bytestream(data)

    def test_base64_followed_by_rubbish(self) -> None:
        text = dump_dataframe_to_bytestream(photometry(3))
        with pytest.raises(InvalidFile, match="base64"):
            load_dataframe_from_bytestream(text + "*")


class TestNotWritten:
    @pytest.mark.parametrize("columns", [{}, {"x": np.empty(0)}], ids=["columns", "rows"])
    def test_nothing(self, columns: dict[str, Any], path: Path) -> None:
        with pytest.raises(InvalidInput, match="non-empty"):
            write_plain(PlainFrame(columns), path)

    @pytest.mark.parametrize(
        ("frame", "reason"),
        [
            (photometry(0), "Must supply a non-empty DataFrame."),
            (photometry(3)[[]], "Must supply a non-empty DataFrame."),
            (photometry(3).assign(x=pd.Categorical(list("aba"))), "Column 'x' holds category"),
            (photometry(3).assign(x=1j), "Column 'x' holds complex128"),
            (photometry(3).assign(x=pd.Timestamp("2024", tz="UTC")), "Column 'x' holds datetime64"),
            (photometry(3).assign(x=[{}, 1, "a"]), r"Column 'x' holds mixed.*astype"),
            (photometry(3).assign(x=pd.array([1, None, 2], "Int64")), "Column 'x' holds Int64"),
            (photometry(3).set_index(["mjd", "flux"]), "several levels"),
            (photometry(3).set_axis(["a", "a", "b"], axis=1), "Two columns are called 'a'"),
            (photometry(3).set_axis([("a",), "a", "b"], axis=1), "is called"),
            (pd.DataFrame(np.ones((1, 9)), columns=[c * 9000 for c in "abcdefghi"]), "names"),
        ],
    )
    def test_a_frame_that_could_not_be_read_again(self, frame: Any, reason: str) -> None:
        with pytest.raises(InvalidInput, match=reason):
            dump_dataframe_to_bytestream(frame)

    @pytest.mark.parametrize(
        ("metadata", "reason"),
        [
            ({"x": "y" * 70_000}, "metadata take 70,0.. bytes; HDF5 has room for 65,000"),
            ({"x": [1, object()]}, r"metadata\['x'\]\[1\] holds of type builtins.object"),
            ({"x": {"t": pd.Timestamp("2024")}}, r"metadata\['x'\]\['t'\] holds"),
            ({(1, 2): 3}, "key"),
            ([1], "must be a dictionary"),
        ],
    )
    def test_metadata_that_could_not_be_read_again(self, metadata: Any, reason: str) -> None:
        with pytest.raises(InvalidInput, match=reason):
            dump_dataframe_to_bytestream(photometry(3), metadata)

    @pytest.mark.parametrize("key", ["", "a/b", "/", ".", "..", "a b"])
    def test_under_a_key_that_is_no_name(self, key: str) -> None:
        with pytest.raises(InvalidInput, match="key"):
            dump_dataframe_to_bytestream(photometry(3), keyname=key)


def test_threads_never_mix_their_images() -> None:
    images = [
        dump_dataframe_to_bytestream(pd.DataFrame({"x": [i] * 500}), {"i": i}) for i in range(8)
    ]

    def unpack_and_pack(i: int) -> bool:
        frame, metadata = load_dataframe_from_bytestream(images[i % 8])
        again = dump_dataframe_to_bytestream(frame.reset_index(drop=True), metadata)
        return (
            bool((frame["x"] == i % 8).all())
            and metadata == {"i": i % 8}
            and again == images[i % 8]
        )

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(unpack_and_pack, range(400)))


ROWS, COLUMNS = 2_000_000, 4
FRAME_BYTES = ROWS * COLUMNS * 8
PEAK = """
import resource, sys, numpy as np, pandas as pd
from skyportal_series.utils.hdf5_files import read_file, write_file
def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
path = sys.argv[1]
write_file(pd.DataFrame({"x": [1.0]}), path + "0")
read_file(path + "0")
"""
MAKE = f"frame = pd.DataFrame(np.random.default_rng(1).random(({ROWS}, {COLUMNS})))"


def peak_of(step: str, path: Path, prepare: str = "") -> int:
    """Bytes by which a step raises the peak of a process of its own."""
    code = f"{PEAK}\n{prepare}\nbefore = peak()\n{step}\nprint(peak() - before)"
    run = [sys.executable, "-c", code, str(path)]
    return int(subprocess.run(run, capture_output=True, check=True, text=True).stdout)


def test_large_files_take_little_more_memory_than_the_frame(path: Path) -> None:
    assert peak_of("write_file(frame, path)", path, prepare=MAKE) < 0.5 * FRAME_BYTES
    index = ROWS * 8
    assert peak_of("frame = read_file(path)", path) < FRAME_BYTES + index + 32e6


def test_importing_it_imports_nothing_heavy() -> None:
    code = (
        "import sys, skyportal_series.utils.hdf5_files\n"
        "print({'pandas', 'numpy', 'h5py', 'tables'} & sys.modules.keys())"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert run.stdout.strip() == "set()"


def test_reading_and_writing_need_no_pytables() -> None:
    code = (
        "import sys, pandas as pd; from skyportal_series.utils.hdf5_files import *\n"
        "load_dataframe_from_bytestream(dump_dataframe_to_bytestream(pd.DataFrame({'a': [1]})))\n"
        "print('tables' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert run.stdout.strip() == "False"
