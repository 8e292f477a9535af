"""What improver sees of a test run from inside, in every Python process of it.

This file is copied, with its settings beside it, into a folder that stands on the PYTHONPATH of the
target's interpreter (Python 3.8 and newer) and of its children, and is started by the `sitecustomize`
of that folder. It uses the standard library alone. It writes lines of JSON into the results folder;
whoever reads them must treat them as written by the tests, since the tests can write there too.
"""

# Old interpreters, and nothing imported before it is needed:
# ruff: noqa: PTH100, PTH110, PTH118, PTH120, PTH123, UP031, PLC0415, S110, SIM105

from __future__ import annotations

import atexit
import json
import os
import sys

TYPE_CHECKING = False  # typing's own is not worth its import in every child
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

HERE = os.path.dirname(os.path.abspath(__file__))
MESSAGE = 400
_OPEN, _WRITE, _CLOSE, _PID = os.open, os.write, os.close, os.getpid

with open(os.path.join(HERE, "settings.json"), encoding="utf-8") as _file:
    SETTINGS = json.load(_file)


def append(suffix: str, records: Iterable[Any]) -> None:
    """Append lines to a file of this process; no descriptor stays open that a test might close."""
    path = os.path.join(SETTINGS["results"], "%s.%d.%s" % (SETTINGS["token"], _PID(), suffix))
    descriptor = _OPEN(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        for record in records:
            _WRITE(descriptor, (json.dumps(record) + "\n").encode("ascii"))
    finally:
        _CLOSE(descriptor)


def clean(text: Any) -> str:
    """The text without lone surrogates, which no file and no terminal takes."""
    return str(text).encode("utf-8", "backslashreplace").decode("utf-8")


def arrive() -> None:
    """Take part in this process: complete its path and see to what is written at its end."""
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry or ".") != HERE]
    sys.path.extend(folder for folder in SETTINGS["shelf"] if folder not in sys.path)
    _chain()
    sys.path.append(HERE)
    atexit.register(depart)
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_forked)
    if SETTINGS["coverage"]:
        tracing.start()


def _chain() -> None:
    """Run the environment's own sitecustomize, which ours hides."""
    from importlib.machinery import PathFinder
    from importlib.util import module_from_spec

    spec = PathFinder.find_spec("sitecustomize", sys.path)
    if spec is not None and spec.loader is not None:
        module = module_from_spec(spec)
        sys.modules["sitecustomize"] = module
        try:
            spec.loader.exec_module(module)
        except Exception as error:  # site would print it and go on, too
            _try_append({"note": clean("sitecustomize: %s" % error)[:MESSAGE]})


def _forked() -> None:
    """Let a child of multiprocessing, which skips atexit, write its part as well."""
    util = sys.modules.get("multiprocessing.util")
    if util is not None:
        util.register_after_fork(depart, lambda _: util.Finalize(None, depart, exitpriority=-100))


def depart() -> None:
    """Write what this process knows of the target's modules and lines."""
    try:
        origins = _origins()
        if origins:
            append("origins", [{"origins": origins}])
        tracing.save()
    except Exception as error:  # the tests may have taken anything away
        _try_append({"note": clean("%s: %s" % (type(error).__name__, error))[:MESSAGE]})


def _try_append(record: Any) -> None:
    try:
        append("run", [record])
    except Exception:  # the reader misses the line and says so
        pass


def _origins() -> dict[str, str]:
    names = set(SETTINGS["names"])
    found = {}
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] in names:
            file = getattr(module, "__dict__", {}).get("__file__")
            if isinstance(file, str):
                found[clean(name)] = clean(os.path.abspath(file))
    return found


class Tracing:
    """Coverage, measured by the coverage package with one context for each test."""

    def __init__(self) -> None:
        self.coverage: Any = None

    def start(self) -> None:
        """Begin to measure; a coverage that does not start is noted."""
        import warnings

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                import coverage

                data = os.path.join(SETTINGS["scratch"], "coverage")
                self.coverage = coverage.Coverage(
                    data_file=data, data_suffix=True, config_file=False, include=SETTINGS["coverage"]
                )
                self.coverage.start()
            except Exception as error:  # any version, any breakage
                self.coverage = None
                _try_append({"note": clean("coverage does not start: %s" % error)[:MESSAGE]})
        self.switch(os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" ")[0])

    def switch(self, context: str) -> None:
        """Count what runs from here on for this test."""
        if self.coverage is not None:
            self.coverage.switch_context(clean(context))

    def save(self) -> None:
        """Stop, and write the lines; a second call does nothing."""
        if self.coverage is None:
            return
        import warnings

        tracer, self.coverage = self.coverage, None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tracer.stop()
            tracer.save()
            file = tracer.get_data().data_filename()
        if os.path.exists(file):
            append("lines", _lines(file))


tracing = Tracing()


def _lines(file: str) -> Iterator[Any]:
    """The lines of a coverage data file as records, one for each context."""
    import sqlite3

    connection = sqlite3.connect(file)
    try:
        yield {"files": connection.execute("select id, path from file").fetchall()}
        contexts = dict(connection.execute("select id, context from context"))
        query = "select context_id, file_id, hex(numbits) from line_bits order by context_id"
        context, bits = None, []  # type: Any, list[Any]
        for identity, file_id, numbits in connection.execute(query):
            if identity != context and bits:
                yield {"context": contexts[context], "bits": bits}
                bits = []
            context = identity
            bits.append([file_id, numbits])
        if bits:
            yield {"context": contexts[context], "bits": bits}
    finally:
        connection.close()
