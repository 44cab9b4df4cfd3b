"""Every text has its Chinese."""

import ast
import re
import string
from pathlib import Path

import pytest
from django.utils.translation import gettext, override

from rollbook.config import texts

ROOT = Path(__file__).parent.parent
SAYING = {"Ground", "Line", "Message", "reason"}
CONTEXTS = pytest.mark.parametrize("context", list(texts.contexts()), ids=lambda c: c.name)


def known():
    return {
        (context.name, text.id): text.string for context in texts.contexts() for text in texts.read(context) if text.id
    }


@CONTEXTS
def test_every_text_has_its_chinese(context):
    chinese = {text.id for text in texts.read(context) if text.string and not text.fuzzy}
    said = [text.id for text in texts.extract(context) if text.id]
    assert [text for text in said if text not in chinese] == []


@CONTEXTS
def test_nothing_is_translated_that_is_no_longer_said(context):
    said = texts.extract(context)
    assert [text.id for text in texts.read(context) if text.id and text.id not in said] == []


def test_the_chinese_fills_the_same_blanks():
    def blanks(text):
        named = {name for _, name, _, _ in string.Formatter().parse(text) if name}
        return named | set(re.findall(r"%\(\w+\)s", text))

    wrong = []
    for (context, text), chinese in known().items():
        one, other = (text, chinese) if isinstance(text, str) else (text[1], chinese[0])
        wrong += [(context, text)] if blanks(one) != blanks(other) else []
    assert wrong == []


def test_one_text_has_one_chinese():
    """Django merges the catalogues: a text said in two contexts must say the same."""
    meanings: dict[object, set[object]] = {}
    for (_, text), chinese in known().items():
        meanings.setdefault(text, set()).add(chinese)
    assert {text: said for text, said in meanings.items() if len(said) > 1} == {}


def test_no_package_says_it_otherwise():
    """Packages have words for some of the same English; ours are shown."""
    with override("zh-hans"):
        shown = {text: gettext(text) for _, text in known() if isinstance(text, str)}
    assert {text: said for (_, text), said in known().items() if shown.get(text, said) != said} == {}


def test_every_sentence_is_marked():
    unmarked = []
    for path in ROOT.glob("rollbook/**/*.py"):
        if "tests" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.Call(func=ast.Name(id=name), args=args) if name in SAYING:
                    said = [text.value for text in args if isinstance(text, ast.Constant)]
                    unmarked += [text for text in said if " " in str(text)]
    unmarked = [text for text in unmarked if not text.startswith("GB")]  # the names of standards
    assert unmarked == []


def test_templates_say_nothing_by_themselves():
    for path in ROOT.glob("rollbook/**/*.html"):
        source = re.sub(
            r"{%\s*blocktranslate.*?{%\s*endblocktranslate\s*%}|{%\s*comment.*?{%\s*endcomment\s*%}",
            "",
            path.read_text(),
            flags=re.DOTALL,
        )
        said = re.sub(r"{%.*?%}|{{.*?}}|{#.*?#}|<[^>]*>|&\w+;", "", source, flags=re.DOTALL)
        assert set(re.findall(r"[^\W\d_]+", said)) <= {"PDF"}, path


def test_labels_of_filters_have_their_chinese():
    """They are translated where they are shown, so nothing else would miss them."""
    files = list(ROOT.glob("rollbook/*/views*/**/*.py")) + list(ROOT.glob("rollbook/*/views.py"))
    pattern = re.compile(r'Filter\(\s*"\w+",\s*(?:_\()?"([^"]+)"')
    labels = {label for file in files for label in pattern.findall(file.read_text(encoding="utf-8"))}
    assert len(labels) > 5
    with override("zh-hans"):
        assert {label for label in labels if gettext(label) == label} == set()
