"""Where session, document and widgets meet."""
