"""`treatygraph format`: data files in their canonical form."""

from __future__ import annotations

from pathlib import Path

import click

__all__ = ["command"]


@click.command(name="format")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--check", is_flag=True, help="Change nothing; status 1 when a file is not in canonical form.")
def command(paths: tuple[Path, ...], check: bool) -> int:
    """Write tables (CSV) and stored claims (TriG) in canonical form, so that one changed fact is one changed line.

    Without PATHS, the curated data in ./data. Hand-written TriG with comments is left as it is.
    """
    from api.commands._release import data_directory

    folder = data_directory()
    wanted = list(paths) or ([folder] if folder else [])
    if not wanted:
        raise click.UsageError("there is no directory data here; name files or directories")
    changed = [path for path in _files(wanted) if _renew(path, check=check)]
    for path in changed:
        click.echo(f"{path}: {'not in canonical form; run treatygraph format' if check else 'written anew'}")
    return 1 if check and changed else 0


def _files(paths: list[Path]) -> list[Path]:
    found: dict[Path, None] = {}
    for path in paths:
        if not path.exists():
            raise click.UsageError(f"{path}: no such file or directory")
        inside = sorted(path.rglob("*")) if path.is_dir() else [path]
        found.update(dict.fromkeys(one for one in inside if one.suffix in (".csv", ".trig") and one.is_file()))
    return list(found)


def _renew(path: Path, *, check: bool) -> bool:
    """Whether the file is not canonical; unless only checked, it is then written."""
    text = path.read_bytes().decode("utf-8")
    canonical = _canonical(path, text)
    if canonical is None or canonical == text:
        return False
    if not check:
        beside = path.with_name(f".{path.name}.new")
        beside.write_text(canonical, encoding="utf-8", newline="")
        beside.replace(path)
    return True


def _canonical(path: Path, text: str) -> str | None:
    import pyoxigraph

    from loaders.canonical import canonical_trig
    from loaders.mapping import mapping_path
    from loaders.tables import canonical_csv

    if path.suffix == ".csv":
        return canonical_csv(path) if mapping_path(path).is_file() else None
    if any(line.lstrip().startswith("#") for line in text.splitlines()):
        return None
    return canonical_trig(pyoxigraph.parse(text, format=pyoxigraph.RdfFormat.TRIG))
