"""Pickles of literals: read as `pickle` reads them, and nothing else is read at all."""

from __future__ import annotations

import pickle
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skyportal_series.utils.literal_pickle import MAX_DEPTH, Name, NotLiteral, dumps, loads

# NaN is another each time, and a dictionary takes 1, 1.0 and True for one key.
_SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(), st.binary()
)
LITERALS = st.recursive(
    _SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.dictionaries(st.text(), inner, max_size=4),
    ),
    max_leaves=20,
)


@given(LITERALS)
def test_reads_what_pickle_writes(value: Any) -> None:
    assert loads(pickle.dumps(value, 0)) == value


@given(LITERALS)
def test_pickle_reads_what_is_written(value: Any) -> None:
    assert pickle.loads(dumps(value)) == value


@given(st.binary(max_size=60).map(lambda b: b + b"."))
def test_anything_else_is_refused_in_one_way(text: bytes) -> None:
    with suppress(NotLiteral):
        loads(text)


@pytest.mark.parametrize("module", ["numpy._core.multiarray", "numpy.core.multiarray"])
def test_scalars_of_old_and_new_numpy(module: str) -> None:
    text = pickle.dumps({"x": np.float32(0.5)}, 0).replace(
        b"numpy._core.multiarray", module.encode()
    )
    assert loads(text) == {"x": 0.5}


def test_equal_values_are_written_alike() -> None:
    shared = [1, 2]
    assert dumps({"a": shared, "b": shared}) == dumps({"b": [1, 2], "a": [1, 2]})


def test_names_stay_names_where_they_are_allowed() -> None:
    assert loads(b"cpandas.tseries\nDay\n(I1\ntR.", ["pandas."]) == Name("pandas.tseries.Day")


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b".",
        b"N",
        b"N..",
        b"(.",
        b"NN.",
        b"I\n.",
        b"Vopen",
        b"g0\n.",
        b"\x80\x04N.",
        b"(lN",
        b"(dI1\n.",
        b"cos\nsystem\n.",
        b"cos\nsystem\n(Vls\ntR.",
        b"cpandas.tseries\nDay\n(I1\ntR.",
        b"(lNb.",
        b"(dp0\ng0\nNs.",
        b"c_codecs\nencode\n(V7b22\nVhex\ntR.",
        b"cnumpy\ndtype\n(VO\nI00\nI01\ntR.",
        b"cnumpy._core.multiarray\nscalar\n(NNtR.",
        b"Np9999\n.",
        b"(l" * (MAX_DEPTH + 2) + b"a" * (MAX_DEPTH + 1) + b".",
    ],
)
def test_refused(text: bytes) -> None:
    with pytest.raises(NotLiteral):
        loads(text)


@pytest.mark.parametrize("value", [object(), {1, 2}, 1j, [print]])
def test_not_written(value: Any) -> None:
    with pytest.raises(NotLiteral):
        dumps(value)
