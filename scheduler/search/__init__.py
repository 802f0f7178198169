"""The construction heuristic, a schedule that keeps every rule within a second, and the compiled searches."""

from scheduler.search.cache import ensure_cache_folder

ensure_cache_folder()
