"""Functions that only compiled ones call: machine code is generated for those that Python calls, and nothing else.

For each compiled function numba optimises a module that holds all it calls, however deep, and generates machine code
of that. Where functions call one another fifteen levels deep, most of this code is never run: that of the lowest is
made again in every level above. A function that is `inner` is typed and lowered as ever, into a module of its own; this
is linked, once, into each module of a function that Python calls.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from numba import njit
from numba._dynfunc import make_function
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.core.compiler_machinery import register_pass
from numba.core.typed_passes import NativeLowering

Function = TypeVar("Function", bound=Callable[..., Any])


class _Library(JITCodeLibrary):
    """The code of one function, without what it calls."""

    @property
    def parts(self) -> list[Any]:
        """The library itself and those of all that the function calls."""
        return list(dict.fromkeys((self, *self._linking_libraries)))

    def _optimize_functions(self, module: Any) -> None:
        """Leave this, too, to the library that this one is linked into."""

    def finalize(self) -> None:
        """Leave everything to the library that this one is linked into."""
        self._finalized = True

    def _get_module_for_linking(self) -> Any:
        """Return the module; its function is linked even before something that calls it is."""
        for function in self._final_module.functions:
            if not function.is_declaration and function.linkage.name == "external":
                function.linkage = "weak_odr"
        return self._final_module


@register_pass(mutates_CFG=True, analysis_only=False)
class _Lowering(NativeLowering):
    """Lower a function for those that call it."""

    _name = "inner_lowering"

    def run_pass(self, state: Any) -> bool:
        """Generate its code, and take down what has to be linked where it is called."""
        name = state.func_id.func_qualname
        library = state.library = _Library(state.targetctx.codegen(), name)
        state.flags.no_compile = state.flags.no_cpython_wrapper = state.flags.no_cfunc_wrapper = True
        super().run_pass(state)
        lowered = state["cr"]
        handle = make_function(lowered.fndesc.lookup_module(), name, "", 0, lowered.env, (library,))
        state.targetctx.insert_user_function(handle, lowered.fndesc, library.parts)
        state["cr"] = lowered._replace(cfunc=handle)
        return True


class _Compiler(CompilerBase):
    """numba's passes with `_Lowering`."""

    def define_pipelines(self) -> list[Any]:
        """Return the passes."""
        passes = DefaultPassBuilder.define_nopython_pipeline(self.state)
        passes.passes = [(_Lowering if one is NativeLowering else one, text) for one, text in passes.passes]
        passes.finalize()
        return [passes]


class Mark(Protocol):
    """A decorator of functions that are compiled."""

    def __call__(self, function: Function, /) -> Function:
        """Return the compiled function."""


# numba's annotations leave out the option for its runtime, which counts references; a function that does not say has
# that of the one that calls it.
COUNTED: dict[str, Any] = {"_nrt": True}
UNCOUNTED: dict[str, Any] = {"_nrt": False}

inner: Mark = njit(nogil=True, pipeline_class=_Compiler, **COUNTED)
"""Mark a function that only compiled functions call; from Python it can't be called."""

uncounted: Mark = njit(nogil=True, pipeline_class=_Compiler, **UNCOUNTED)
"""The same for a function that makes no arrays: numba does not count references to those that it is given.

Counting is an atomic addition for each array, and a tuple of arrays is counted wherever it is handed over. Whoever
calls a compiled function from Python holds the arrays meanwhile.
"""

entry: Mark = njit(cache=True, nogil=True, **UNCOUNTED)
"""Mark a function that Python calls, and that counts no references either."""
