"""Pictures and numbers of plots: PNG, SVG, PDF, CSV and the clipboard."""

from ui.export.pictures import ExportError, PictureSettings, copy_picture, export_all, export_plot, file_name

__all__ = ["ExportError", "PictureSettings", "copy_picture", "export_all", "export_plot", "file_name"]
