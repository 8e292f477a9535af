"""How an answer leaves: to a terminal, as one JSON document, or as an error with its exit code."""

from __future__ import annotations

import contextlib
import errno
import json as json_module
import os
import signal
import sys
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from improver.errors import ImproverError, Interrupted, NotProven, RunFailed, UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from improver.values import Decision, Risk
    from improver.views.silent import Progress

_USAGE = typer.BadParameter.__bases__[0]
_CLICK = _USAGE.__bases__[0]


def run(app: typer.Typer, arguments: list[str]) -> int:  # noqa: PLR0911 - one answer for each way to end
    """Run the command line; its exit code. Whatever goes wrong becomes sentences, or one JSON document."""
    as_json = "--json" in arguments[: arguments.index("--") if "--" in arguments else None]
    _end_tidily()
    try:
        status = app(arguments, prog_name="improver", standalone_mode=False)
        if status == Interrupted.exit_code:  # Typer takes Ctrl-C without a word
            raise KeyboardInterrupt
        sys.stdout.flush()
    except ImproverError as error:
        return _explain(error, as_json)
    except (typer.Abort, KeyboardInterrupt):
        _hear_no_more()
        return _explain(Interrupted("Interrupted.", left="The repository is as it was."), as_json)
    except _CLICK as error:  # type: ignore[misc]
        return _explain(_usage(error), as_json)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 0
    except OSError as error:
        return _explain(_system(error), _written() and as_json)
    except Exception:
        return _explain(_bug(), as_json)
    return status if isinstance(status, int) else 0


def _end_tidily() -> None:
    """A run that is told to end (a cancelled job, a closed terminal) tidies up as it does after Ctrl-C."""

    def end(*_: object) -> None:
        raise KeyboardInterrupt

    for name in (signal.SIGTERM, signal.SIGTERM if sys.platform == "win32" else signal.SIGHUP):
        with contextlib.suppress(ValueError):  # only the main thread may
            if signal.getsignal(name) is signal.SIG_DFL:
                signal.signal(name, end)


def _written(document: object = None) -> bool:
    """Write out a document and what came before it; what cannot be written is dropped, not tried again at the end."""
    try:
        if document is not None:
            print_json(document)
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return False
    return True


def _hear_no_more() -> None:
    """Whoever presses Ctrl-C again gets the sentence all the same."""
    with contextlib.suppress(ValueError):
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def out() -> Console:
    """The console of standard output."""
    from improver.views.terminal import make_console

    return make_console(sys.stdout)


def progress_for(as_json: bool) -> Progress:
    """What shows progress on standard error, if that is a terminal and nobody asked for JSON."""
    from improver.views.silent import Silent

    if as_json or not sys.stderr.isatty():
        return Silent()
    from improver.views.progress import progress
    from improver.views.terminal import make_console

    return progress(make_console(sys.stderr))


def dumped(document: object) -> str:
    """A document as text."""
    return json_module.dumps(document, indent=2, ensure_ascii=True) + "\n"


def print_json(document: object) -> None:
    """One document on standard output."""
    sys.stdout.write(dumped(document))


@dataclass(frozen=True, slots=True)
class Written:
    """Files that a certificate is appended to, for the services that run it.

    Parameters:
        summary: gets the verdict as Markdown.
        outputs: gets lines of the form ``name=value``, in words of ours alone.
    """

    summary: Path | None = None
    outputs: Path | None = None

    def require_writable(self) -> None:
        """Better now than after the work.

        Raises:
            UsageError: a file cannot be written.
        """
        for name, file in (("--summary", self.summary), ("--outputs", self.outputs)):
            if file is not None:
                where = file if file.exists() else file.parent
                if file.is_dir() or not file.parent.is_dir() or not os.access(where, os.W_OK):
                    raise UsageError(
                        f"{file} ({name}) cannot be written.",
                        remedy="Name a file in a folder that exists and is yours.",
                    )

    def write(self, risk: Risk, decision: Decision, document: Mapping[str, Any]) -> None:
        """Append what was found."""
        from improver.views import certificate

        if self.summary is not None:
            _append(self.summary, certificate.markdown(risk, decision, document["files"]))
        if self.outputs is not None:
            _append(self.outputs, certificate.output_lines(document))


def _append(file: Path, text: str) -> None:
    with file.open("a", encoding="utf-8", errors="backslashreplace") as stream:
        stream.write(text)


def _explain(error: ImproverError, as_json: bool) -> int:
    from improver.render import error_document

    if not (as_json and not isinstance(error, NotProven) and _written(error_document(error))):
        from improver.views.terminal import make_console, show_error

        show_error(make_console(sys.stderr), error)
    return error.exit_code


def _usage(error: Any) -> ImproverError:
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "improver"
    return UsageError(error.format_message(), remedy=f"`{command} --help` shows what there is.")


def _system(error: OSError) -> ImproverError:
    where = f" ({error.filename})" if error.filename else ""
    what = error.strerror or type(error).__name__
    if error.errno == errno.ENOSPC:
        return RunFailed(
            f"The disk is full{where}.", left="The repository is as it was.", remedy="Free some space and try again."
        )
    return RunFailed(f"The system refused: {what}{where}.", left="The repository is as it was.")


def _bug() -> ImproverError:
    """A fault of ours: the trace goes to a file, not over the screen."""
    from improver.settings import places

    trace = traceback.format_exc()
    last = trace.strip().splitlines()[-1]
    remedy = "Please report it."
    with contextlib.suppress(OSError):
        file = places().state / "last-error.txt"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(trace, encoding="utf-8", errors="replace")
        remedy = f"Please report it with {file}."
    return RunFailed(f"This is a fault of improver: {last}.", left="The repository is as it was.", remedy=remedy)
