"""Arrays as compiled functions see them: where their numbers begin, and nothing else.

numba hands an array over as seven values and counts its references wherever it goes; with a dozen arrays that costs
more than what most functions here do. A pointer is one value that nobody counts. It knows no length, and no index is
counted from the end. Whoever calls a compiled function wraps the arrays in `Cells` and keeps them alive meanwhile.

So an index that is wrong goes unseen, or crashes. With `SCHEDULER_CHECKED` in the environment everything is compiled
with lengths, to look for such: an index outside its array, its table, or the column of the state that it begins in
(these then lie apart, `POISON` between them) is an `IndexError`.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from operator import getitem, setitem
from typing import Any, Generic, TypeVar, cast

import numpy as np
from numba import from_dtype, types
from numba.core import cgutils
from numba.extending import NativeValue, intrinsic, lower_builtin, models, register_model, unbox
from numpy.typing import NDArray

Number = TypeVar("Number", int, float)
ZERO = cast("int", np.int64(0))
NONE = cast("int", np.int64(-1))
"""0 and -1 as numbers like any other: for a literal that it is called with, numba compiles a function of its own."""
IS_CHECKED = "SCHEDULER_CHECKED" in os.environ
GUARD = 256 if IS_CHECKED else 0
"""Cells between two columns of the state."""
POISON = -0x5CA1AB1E5CA1AB1E
"""What stands in them; nobody reads or overwrites it."""


class CellsType(types.CPointer):
    """The numba type of `Cells`."""

    is_checked = False  # in a cache of older versions

    def __init__(self, dtype: types.Type, constant: bool) -> None:
        super().__init__(dtype)
        self.constant = constant
        self.is_checked = IS_CHECKED  # as it was when this was written to a cache
        self.name = f"cells({dtype}, {constant}{', checked' * IS_CHECKED})"

    @property
    def key(self) -> tuple[types.Type, bool, bool]:
        """What tells one type from another."""
        return self.dtype, self.constant, self.is_checked


class _CheckedModel(models.StructModel):
    """The pointer with the length."""

    def __init__(self, manager: Any, kind: CellsType) -> None:
        super().__init__(manager, kind, [("first", types.CPointer(kind.dtype)), ("size", types.int64)])


register_model(CellsType)(_CheckedModel if IS_CHECKED else models.PointerModel)


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
        self.size = array.size
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
    if not IS_CHECKED:
        return NativeValue(c.builder.bitcast(pointer, c.context.get_value_type(kind)))
    length = c.pyapi.object_getattr_string(value, "size")
    size = c.pyapi.long_as_longlong(length)
    c.pyapi.decref(length)
    first = c.builder.bitcast(pointer, c.context.get_value_type(types.CPointer(kind.dtype)))
    return NativeValue(cgutils.pack_struct(c.builder, (first, size)))


def _load(context: Any, builder: Any, kind: CellsType, cells: Any, index: Any) -> Any:
    if IS_CHECKED:
        return builder.load(_checked(context, builder, kind, cells, index))
    found = builder.load(builder.gep(cells, [index], inbounds=True))
    if kind.constant:
        found.set_metadata("invariant.load", builder.module.add_metadata([]))
    return found


def _checked(context: Any, builder: Any, kind: CellsType, cells: Any, index: Any) -> Any:
    """Return the pointer to a cell after it has been made sure of."""
    held = cgutils.create_struct_proxy(kind)(context, builder, value=cells)
    _demand(context, builder, builder.icmp_unsigned("<", index, held.size), "outside an array")
    cell = builder.gep(held.first, [index], inbounds=True)
    if kind.dtype == types.int64:
        poison = context.get_constant(types.int64, POISON)
        _demand(context, builder, builder.icmp_signed("!=", builder.load(cell), poison), "outside a column")
    return cell


def _demand(context: Any, builder: Any, is_so: Any, failure: str) -> None:
    with cgutils.if_unlikely(builder, builder.not_(is_so)):
        context.call_conv.return_user_exc(builder, IndexError, (failure,))


@lower_builtin(getitem, CellsType, types.Integer)
def _get(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    kind, of_index = signature.args
    return _load(context, builder, kind, args[0], context.cast(builder, args[1], of_index, types.int64))


def _set(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    kind, of_index, of_value = signature.args
    index = context.cast(builder, args[1], of_index, types.int64)
    value = context.cast(builder, args[2], of_value, kind.dtype)
    builder.store(value, _checked(context, builder, kind, args[0], index))
    return context.get_dummy_value()


if IS_CHECKED:
    lower_builtin(setitem, CellsType, types.Integer, types.Any)(_set)


def _entry(_: Any, data: CellsType, table: Any, row: Any, column: Any) -> Any:
    """Return the numba signature of `get`, and what generates its code."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind, *kinds = signature.args
        table, row, column = (
            context.cast(builder, value, of, types.int64) for value, of in zip(args[1:], kinds, strict=True)
        )

        def header(entry: int) -> Any:
            at = builder.add(table, context.get_constant(types.int64, entry))
            return _load(context, builder, kind, args[0], at)

        place, width = header(0), header(1)
        entry = builder.add(builder.add(place, builder.mul(row, width)), column)
        if IS_CHECKED:  # the next table begins where this one ends
            _demand(context, builder, builder.icmp_unsigned("<", column, width), "outside the columns of a table")
            _demand(context, builder, builder.icmp_signed(">=", row, place.type(0)), "before a table")
            _demand(context, builder, builder.icmp_signed("<", entry, header(2)), "behind a table")
        return _load(context, builder, kind, args[0], entry)

    return types.int64(data, table, row, column), generate


get = cast("Callable[[Cells[int], int, int, int], int]", intrinsic(_entry))
"""Return an entry of a table, by row and column; see `scheduler.search.decode.layout`."""
