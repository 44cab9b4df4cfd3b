"""The texts to translate: each context's own catalogue, beside its code."""

from collections.abc import Collection, Iterable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir, extract_python
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

ROOT = Path(__file__).parents[1]
METHODS = [
    ("**.py", "python"),
    ("**.html", "rollbook.config.texts:templates"),
    ("**.js", "javascript"),
]
IGNORED = {"tests", "migrations", "node_modules", "locale"}


def templates(file: BinaryIO, keywords: Any, tags: Collection[str], options: Any) -> Iterable[Any]:
    """How Babel finds texts in Django's templates: lines flush left, as newer tokenizers want."""
    source = templatize(file.read().decode())
    flush_left = "\n".join(line.strip() for line in source.splitlines())
    return extract_python(BytesIO(flush_left.encode()), keywords, tags, options)


def contexts() -> Iterator[Path]:
    return (p for p in sorted(ROOT.iterdir()) if (p / "__init__.py").exists())


def catalogue(context: Path) -> Path:
    return context / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"


def extract(context: Path) -> Catalog:
    """What the context's code says now."""
    found = Catalog()
    texts = extract_from_dir(
        str(context),
        METHODS,
        directory_filter=lambda folder: Path(folder).name not in IGNORED,
    )
    for _file, _line, text, comments, context_name in texts:
        found.add(text, auto_comments=comments, context=context_name)
    return found


def read(context: Path) -> Catalog:
    path = catalogue(context)
    if not path.exists():
        return Catalog(locale="zh_Hans")
    with path.open("rb") as file:
        return read_po(file, locale="zh_Hans")


def update(context: Path) -> int:
    """Add what is said anew, drop what is no longer said; give how many want their Chinese."""
    known = read(context)
    known.update(extract(context), no_fuzzy_matching=True)
    known.obsolete.clear()
    if len(known):
        catalogue(context).parent.mkdir(parents=True, exist_ok=True)
        with catalogue(context).open("wb") as file:
            write_po(
                file,
                known,
                no_location=True,
                omit_header=True,
                ignore_obsolete=True,
                width=0,
                sort_output=True,
            )
    elif catalogue(context).exists():
        catalogue(context).unlink()
    return sum(not text.string for text in known if text.id)


def compile_all() -> None:
    for context in contexts():
        if catalogue(context).exists():
            with catalogue(context).with_suffix(".mo").open("wb") as file:
                write_mo(file, read(context), use_fuzzy=True)


def main(*arguments: str) -> None:
    if "gather" in arguments:
        for context in contexts():
            if missing := update(context):
                print(f"{context.name}: {missing} texts want their Chinese")  # noqa: T201
    compile_all()


if __name__ == "__main__":
    import sys

    main(*sys.argv[1:])
