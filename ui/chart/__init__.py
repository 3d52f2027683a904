"""The chart layer over pyqtgraph: panes, axes, marks, legends, read-outs. It knows no plot."""
