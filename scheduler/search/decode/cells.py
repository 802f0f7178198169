"""Arrays as compiled functions see them: where their numbers begin, and nothing else.

numba hands an array over as seven values and counts its references wherever it goes; with a dozen arrays that costs
more than what most functions here do. A pointer is one value that nobody counts. It knows no length, and no index is
counted from the end. Whoever calls a compiled function wraps the arrays in `Cells` and keeps them alive meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import getitem
from typing import Any, Generic, TypeVar, cast

import numpy as np
from numba import from_dtype, types
from numba.extending import NativeValue, intrinsic, lower_builtin, models, register_model, unbox
from numpy.typing import NDArray

Number = TypeVar("Number", int, float)
ZERO = cast("int", np.int64(0))
NONE = cast("int", np.int64(-1))
"""0 and -1 as numbers like any other: for a literal that it is called with, numba compiles a function of its own."""


class CellsType(types.CPointer):
    """The numba type of `Cells`."""

    def __init__(self, dtype: types.Type, constant: bool) -> None:
        super().__init__(dtype)
        self.constant = constant
        self.name = f"cells({dtype}, {constant})"

    @property
    def key(self) -> tuple[types.Type, bool]:
        """What tells one type from another."""
        return self.dtype, self.constant


register_model(CellsType)(models.PointerModel)


class Cells(Generic[Number]):
    """The numbers of an array, of whatever dimensions, one after the other.

    Parameters
    ----------
    array
        The array, contiguous.
    constant
        Whether no compiled function ever writes to it, so that what has been read need not be read again.
    """

    def __init__(self, array: NDArray[Any], constant: bool = False) -> None:
        assert array.flags.c_contiguous
        self.array = array
        self.address = array.ctypes.data
        self._numba_type_ = CellsType(from_dtype(array.dtype), constant)

    def __getitem__(self, place: int) -> Number:
        """Return a number; for compiled functions only."""
        raise NotImplementedError

    def __setitem__(self, place: int, value: Number) -> None:
        """Write a number; for compiled functions only."""
        raise NotImplementedError


@unbox(CellsType)
def _unbox(kind: CellsType, value: Any, c: Any) -> NativeValue:
    address = c.pyapi.object_getattr_string(value, "address")
    pointer = c.pyapi.long_as_voidptr(address)
    c.pyapi.decref(address)
    return NativeValue(c.builder.bitcast(pointer, c.context.get_value_type(kind)))


def _load(builder: Any, kind: CellsType, cells: Any, index: Any) -> Any:
    found = builder.load(builder.gep(cells, [index], inbounds=True))
    if kind.constant:
        found.set_metadata("invariant.load", builder.module.add_metadata([]))
    return found


@lower_builtin(getitem, CellsType, types.Integer)
def _get(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    kind, of_index = signature.args
    return _load(builder, kind, args[0], context.cast(builder, args[1], of_index, types.int64))


def _entry(_: Any, data: CellsType, table: Any, row: Any, column: Any) -> Any:
    """Return the numba signature of `get`, and what generates its code."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind, *kinds = signature.args
        table, row, column = (
            context.cast(builder, value, of, types.int64) for value, of in zip(args[1:], kinds, strict=True)
        )
        place = _load(builder, kind, args[0], table)
        width = _load(builder, kind, args[0], builder.add(table, context.get_constant(types.int64, 1)))
        entry = builder.add(builder.add(place, builder.mul(row, width)), column)
        return _load(builder, kind, args[0], entry)

    return types.int64(data, table, row, column), generate


get = cast("Callable[[Cells[int], int, int, int], int]", intrinsic(_entry))
"""Return an entry of a table, by row and column; see `scheduler.search.decode.layout`."""
