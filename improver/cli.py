"""The command line: words in, exit code out. The only place that wires the parts, prints and exits."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from improver import __version__, answers, commands
from improver.answers import Written
from improver.commands import Common

app = typer.Typer(
    name="improver",
    help="Find small improvements to a Python code base, prove each in a sandbox, and decide.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Start with `improver demo`, or with `improver scan` in a project of yours.",
)

Paths = Annotated[list[Path] | None, typer.Argument(help="Files or folders to look at; the whole project by default.")]
Repo = Annotated[Path | None, typer.Option("--repo", help="The project or repository, instead of the current folder.")]
Names = Annotated[list[str] | None, typer.Option("--analyzer", "-a", help="Ask only this analyzer; may be repeated.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Show every dossier whole.")]
Python = Annotated[Path | None, typer.Option("--python", help="The interpreter that can import the project.")]
Config = Annotated[Path | None, typer.Option("--config", help="Your own settings file.")]
Sandbox = Annotated[str | None, typer.Option("--sandbox", help="The sandbox to use, by name.")]
Unsandboxed = Annotated[
    bool,
    typer.Option("--allow-unsandboxed", help="Run the project's code with your own rights. Written into the proof."),
]
WithSecrets = Annotated[
    bool,
    typer.Option(
        "--allow-unsandboxed-with-secrets", help="Do so though the environment holds tokens that it can then read."
    ),
]
FromWorktree = Annotated[
    bool, typer.Option("--settings-from-worktree", help="Try settings that are not committed; cannot be accepted.")
]
Base = Annotated[str, typer.Argument(help="The commit or tree to start from.")]
Ids = Annotated[list[str], typer.Argument(help="The ids that `propose` printed, or their beginnings.")]


@app.command()
def propose(
    paths: Paths = None,
    repo: Repo = None,
    analyzer: Names = None,
    pipeline: Annotated[str | None, typer.Option(help="The pipeline to run.")] = None,
    limit: Annotated[int | None, typer.Option(min=0, help="Prove at most so many; 0 for all.")] = None,
    budget: Annotated[str, typer.Option(help="Stop beginning new work after this time: 90s, 10m, 2h.")] = "",
    bundle: Annotated[Path | None, typer.Option(help="Also write dossiers and patches to this file.")] = None,
    settings_from_worktree: FromWorktree = False,
    python: Python = None,
    config: Config = None,
    sandbox: Sandbox = None,
    allow_unsandboxed: Unsandboxed = False,
    allow_unsandboxed_with_secrets: WithSecrets = False,
    verbose: Verbose = False,
    json: Json = False,
) -> None:
    """Find improvements and prove each; nothing of the checkout changes.

    \b
    improver propose                      the whole project
    improver propose src/app/api.py       one file
    improver propose --limit 5 --budget 5m
    """
    walls = (sandbox, allow_unsandboxed, allow_unsandboxed_with_secrets)
    common = Common(repo, config, python, *walls, json, verbose, settings_from_worktree)
    commands.propose(common, paths or [], analyzer or [], pipeline, limit, budget, bundle)


@app.command()
def scan(
    paths: Paths = None,
    repo: Repo = None,
    analyzer: Names = None,
    diff: Annotated[bool, typer.Option("--diff", help="Show what each proposal changes.")] = False,
    config: Config = None,
    json: Json = False,
) -> None:
    """Analyse only: no sandbox, no test run, no git needed, nothing proven.

    \b
    improver scan                         the current project, as its files are now
    improver scan --diff src/app
    """
    commands.scan(Common(repo, config, json=json), paths or [], analyzer or [], diff)


@app.command()
def risk(
    base: Annotated[str, typer.Argument(help="The commit, tag or tree to start from.")] = "HEAD",
    head: Annotated[str | None, typer.Argument(help="The commit or tree to examine; HEAD by default.")] = None,
    staged: Annotated[bool, typer.Option("--staged", help="Examine what is staged, against BASE.")] = False,
    require: Annotated[
        str,
        typer.Option(
            help="Exit 3 unless the diff is proven to be only this, or softer than all of it: docstrings,comments"
        ),
    ] = "",
    summary: Annotated[Path | None, typer.Option(help="Also append the verdict to this file, as Markdown.")] = None,
    outputs: Annotated[Path | None, typer.Option(help="Also append name=value lines to this file, for CI.")] = None,
    repo: Repo = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Say what a diff can alter, and why; nothing is run.

    \b
    improver risk main                    what HEAD changes since main
    improver risk --staged --require docstrings,comments
    """
    commands.risk(Common(repo, config, json=json), base, head, staged, require, Written(summary, outputs))


@app.command()
def verify(
    base: Base,
    head: Annotated[str | None, typer.Argument(help="The commit or tree to examine; HEAD by default.")] = None,
    repo: Repo = None,
    python: Python = None,
    config: Config = None,
    sandbox: Sandbox = None,
    allow_unsandboxed: Unsandboxed = False,
    allow_unsandboxed_with_secrets: WithSecrets = False,
    json: Json = False,
) -> None:
    """Put any diff through all gates; exit 3 when it is not proven.

    \b
    improver verify main                  what HEAD changes since main
    improver verify HEAD HEAD             the base itself: do its tests hold in the sandbox?
    """
    walls = (sandbox, allow_unsandboxed, allow_unsandboxed_with_secrets)
    commands.verify(Common(repo, config, python, *walls, json), base, head)


@app.command()
def review(repo: Repo = None, config: Config = None) -> None:
    """Go through what waits, one by one: accept, reject or leave it."""
    commands.review(Common(repo, config))


@app.command()
def show(
    id: Annotated[str | None, typer.Argument(help="An id, or its beginning; everything that waits by default.")] = None,
    repo: Repo = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Show a dossier: the diff, the evidence, the decision. Without an id: what waits."""
    commands.show(Common(repo, config, json=json), id)


@app.command()
def accept(
    ids: Ids,
    branch: Annotated[str, typer.Option(help="The branch to make; named after the proposals by default.")] = "",
    apply: Annotated[bool, typer.Option("--apply", help="Change the working tree instead of making a branch.")] = False,
    repo: Repo = None,
    python: Python = None,
    config: Config = None,
    sandbox: Sandbox = None,
    allow_unsandboxed: Unsandboxed = False,
    allow_unsandboxed_with_secrets: WithSecrets = False,
) -> None:
    """Take proposals: a branch with one commit each, made without touching checkout or index."""
    walls = (sandbox, allow_unsandboxed, allow_unsandboxed_with_secrets)
    commands.accept(Common(repo, config, python, *walls), ids, branch, apply)


@app.command()
def reject(
    ids: Ids,
    because: Annotated[str, typer.Option("--because", help="Why; it is remembered with the refusal.")],
    repo: Repo = None,
    config: Config = None,
) -> None:
    """Refuse proposals; they are not made again until the code around them changes."""
    commands.reject(Common(repo, config), ids, because)


@app.command()
def demo(
    folder: Annotated[
        Path | None, typer.Option(help="Where to make the sample; a temporary folder by default.")
    ] = None,
    config: Config = None,
    quick: Annotated[bool, typer.Option("--quick", help="Make, run and remove it; for CI.")] = False,
) -> None:
    """Try it on a small sample project, for real."""
    commands.demo(Common(None, config), folder, quick)


@app.command()
def doctor(repo: Repo = None, python: Python = None, config: Config = None, json: Json = False) -> None:
    """Say what is here, what is missing, and how to get it."""
    commands.doctor(Common(repo, config, python, json=json))


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"improver {__version__}")
        raise typer.Exit


@app.callback()
def _top(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit with its code."""
    sys.exit(answers.run(app, list(sys.argv[1:] if arguments is None else arguments)))
