"""The web: configuration, routes, views, static files and the command line."""

__version__ = "0.1.0"
