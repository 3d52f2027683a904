"""Where a built program starts; the training process that it starts begins here too."""

from __future__ import annotations

import multiprocessing
import os
import sys
from pathlib import Path

if __name__ == "__main__":
    multiprocessing.freeze_support()
    if sys.platform == "linux":
        # Whatever the desktop names, as for a Qt of its own. PyInstaller's way to say so would import Qt before all
        # else: the first worker could be no copy of this process then, and commands would load what they do not need.
        os.environ["QT_PLUGIN_PATH"] = str(Path(__file__).parent / "PySide6" / "Qt" / "plugins")
    from main import main

    sys.exit(main())
