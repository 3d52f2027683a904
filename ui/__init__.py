"""The bench on the screen: everything that knows Qt. It uses the simulator; the simulator never uses it."""

from __future__ import annotations

import builtins
from importlib import import_module

from simulator.system.deferred_patterns import deferred_patterns
from simulator.system.kept_bytecode import keep_bytecode
from simulator.system.quick_enums import make_enums_quickly

# PySide6 puts a function of its own in place of `import`, for its opt-in names in snake case. It reads the source of
# every module that comes after it, some 500 here and an eighth of the start. Nothing here has opted in.
_import = getattr(builtins, "__orig_import__", builtins.__import__)
"""What PySide6 has kept where it was there before."""
# A class of Qt brings its enumerations, 300 in a start, of 4 400 members: a twelfth of it.
make_enums_quickly()
# It brings what it says of its signatures as sources, and compiles these and their patterns at each start: a tenth.
with deferred_patterns(), keep_bytecode(__file__, ("shibokensupport/", "signature_bootstrap")):
    import_module("PySide6.QtCore")
builtins.__import__ = _import
