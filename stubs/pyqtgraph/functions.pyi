import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QPolygonF

def arrayToQPolygonF(x: NDArray[np.float64], y: NDArray[np.float64]) -> QPolygonF: ...
