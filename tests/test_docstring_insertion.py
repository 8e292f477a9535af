"""How a docstring gets into a file: in the right place, and nothing else changes."""

from __future__ import annotations

import ast
import codecs
import subprocess
import sys

import black
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from improver.analyzers.docstring.insertion import Block, insertion
from improver.edits import apply
from improver.values import Edit, Skipped


def _lines(indent: str) -> tuple[str, ...]:
    return (f'{indent}"""D."""',)


def _more(indent: str) -> tuple[str, ...]:
    return (f'{indent}"""D.', "", f'{indent}More."""')


def _last(source: bytes) -> ast.Module | Block:
    """The definition that comes last in the file; the module where there is none."""
    tree = ast.parse(source)
    found = [node for node in ast.walk(tree) if isinstance(node, Block)]
    return max(found, key=lambda node: node.lineno, default=tree)


def _inserted(source: bytes, node: ast.Module | Block | None = None) -> bytes:
    edit = insertion(source, "a.py", node or _last(source), _lines)
    assert isinstance(edit, Edit), edit
    return apply(source, [edit])


CASES = {
    "a function": ("def f():\n    return 1\n", 'def f():\n    """D."""\n    return 1\n'),
    "a class is followed by a blank line": ("class A:\n    x = 1\n", 'class A:\n    """D."""\n\n    x = 1\n'),
    "a class that has the blank line": ("class A:\n\n    x = 1\n", 'class A:\n    """D."""\n\n    x = 1\n'),
    "a comment on the header's line": ("def f():  # c\n    pass\n", 'def f():  # c\n    """D."""\n    pass\n'),
    "comments below the header": ("def f():\n    # c\n\n    pass\n", 'def f():\n    """D."""\n    # c\n\n    pass\n'),
    "comments that are indented less": ("def f():\n # c\n    pass\n", 'def f():\n    """D."""\n # c\n    pass\n'),
    "a comment with types": (
        "def f(a):\n    # type: (int) -> int\n    # c\n    return a\n",
        'def f(a):\n    # type: (int) -> int\n    """D."""\n    # c\n    return a\n',
    ),
    "decorators": ("@a\n# c\n@b(1)\ndef f():\n    pass\n", '@a\n# c\n@b(1)\ndef f():\n    """D."""\n    pass\n'),
    "a coroutine": ("async  def f():\n    pass\n", 'async  def f():\n    """D."""\n    pass\n'),
    "a nested function first": (
        "class A:\n    def f(self): # c\n        @d  # e\n        class B: ...\n",
        'class A:\n    def f(self): # c\n        @d  # e\n        class B:\n            """D."""\n\n            ...\n',
    ),
    "a header of several lines": (
        "def f(\n    a=lambda x: {1: x},  # a:\n    b: ':' = '',\n):  # e:\n    return 1\n",
        "def f(\n    a=lambda x: {1: x},  # a:\n    b: ':' = '',\n):  # e:\n    '''D.'''\n    return 1\n".replace(
            "'''", '"""'
        ),
    ),
    "backslashes in the header": (
        "def f(a) \\\n  -> \\\n 'é':\n  pass\n",
        'def f(a) \\\n  -> \\\n \'é\':\n  """D."""\n  pass\n',
    ),
    "a one-line body": ("def f(): return 1\n", 'def f():\n    """D."""\n    return 1\n'),
    "a one-line body with comment": ("def f(): a; b  # c\n", 'def f():\n    """D."""\n    a; b  # c\n'),
    "a one-line body without space": ("class A:x = 1;y = 2;\n", 'class A:\n    """D."""\n\n    x = 1;y = 2;\n'),
    "a one-line body after a backslash": ("def f(): \\\n  return 1\n", 'def f():\n    """D."""\n    return 1\n'),
    "a one-line body of several lines": ("def f(): return (1,\n 2)\n", 'def f():\n    """D."""\n    return (1,\n 2)\n'),
    "a one-line body with a backslash": ("def f(): a = \\\n 1\n", 'def f():\n    """D."""\n    a = \\\n 1\n'),
    "a one-line body at the end of the file": ("class A: pass", 'class A:\n    """D."""\n\n    pass'),
    "a file without final newline": ("def f():\n    pass", 'def f():\n    """D."""\n    pass'),
    "tabs": ("if x:\n\tdef f():\n\t\tpass\n", 'if x:\n\tdef f():\n\t\t"""D."""\n\t\tpass\n'),
    "a one-line body among tabs": ("if x:\n\tdef f(): pass\n", 'if x:\n\tdef f():\n\t\t"""D."""\n\t\tpass\n'),
    "a one-line body among two spaces": ("if x:\n  def f(): pass\n", 'if x:\n  def f():\n    """D."""\n    pass\n'),
    "form feeds": ("x\n\f\ndef f():\n\f\n    pass\n", 'x\n\f\ndef f():\n    """D."""\n\f\n    pass\n'),
    "a form feed in the indentation": ("def f():\n \f  pass\n", 'def f():\n \f  """D."""\n \f  pass\n'),
    "other separators are no line ends": (
        "x = '\x85\u2028\x1c'\ndef f(a='\u2029'):\n    pass\n",
        'x = \'\x85\u2028\x1c\'\ndef f(a=\'\u2029\'):\n    """D."""\n    pass\n',
    ),
    "CRLF": ("def f():\r\n    pass\r\n", 'def f():\r\n    """D."""\r\n    pass\r\n'),
    "lone CR": ("def f():\r    pass\r", 'def f():\r    """D."""\r    pass\r'),
    "mixed line ends": ("x\ndef f():\r\n    # c\n    pass\n", 'x\ndef f():\r\n    """D."""\r\n    # c\n    pass\n'),
    "CRLF in a one-line body": ("x\ndef f(): pass\r\n", 'x\ndef f():\r\n    """D."""\r\n    pass\r\n'),
    "wide characters before": (
        "x = 'é'\ndef é(日='é'): é\n",
        'x = \'é\'\ndef é(日=\'é\'):\n    """D."""\n    é\n',
    ),
    "the next definition stands close": (
        "class A:\n    def f(self): ...\n    def g(self): ...\n",
        'class A:\n    def f(self): ...\n    def g(self):\n        """D."""\n        ...\n',
    ),
}


@pytest.mark.parametrize(("before", "after"), CASES.values(), ids=CASES.keys())
def test_definitions(before: str, after: str) -> None:
    assert _inserted(before.encode()).decode() == after


@pytest.mark.skipif(sys.version_info < (3, 12), reason="this Python knows no type parameters")
def test_type_parameters() -> None:
    source = b"class A:\n  async def f[T: (int, 'x:'), *U, **P](a: T) -> {1: T}: return a\n"
    after = source.replace(b": return", b':\n    """D."""\n    return')
    assert _inserted(source) == after


MODULES = {
    "imports": ("import os\n", '"""D."""\n\nimport os\n'),
    "a function comes first": ("def f(): ...\n", '"""D."""\n\n\ndef f(): ...\n'),
    "a decorator comes first": ("@d\ndef f(): ...\n", '"""D."""\n\n@d\ndef f(): ...\n'),
    "a comment on the function": ("# c\ndef f(): ...\n", '"""D."""\n\n\n# c\ndef f(): ...\n'),
    "a comment on the decorated function": ("# c\n@d\ndef f(): ...\n", '"""D."""\n\n\n# c\n@d\ndef f(): ...\n'),
    "blank lines come first": ("\n\nimport os\n", '"""D."""\n\n\nimport os\n'),
    "the future": ("# c\n\nfrom __future__ import x\n", '# c\n\n"""D."""\n\nfrom __future__ import x\n'),
    "a shebang and a cookie": (
        "#!/bin/sh\n# -*- coding: utf-8 -*-\nimport os\n",
        '#!/bin/sh\n# -*- coding: utf-8 -*-\n"""D."""\n\nimport os\n',
    ),
    "a licence": ("# Copyright é\n# Me\n\n# c\nx = 1\n", '# Copyright é\n# Me\n\n"""D."""\n\n# c\nx = 1\n'),
    "a licence close to the code": ("#!x\n# (c) Me\nx = 1\n", '#!x\n# (c) Me\n\n"""D."""\n\nx = 1\n'),
    "several comment lines": (
        "# This does.\n# More.\nx\n",
        '# This does.\n# More.\n\n"""D."""\n\nx\n',
    ),
    "a comment that speaks of the statement": (
        "#!x\n# Imports\nimport os\n",
        '#!x\n"""D."""\n\n# Imports\nimport os\n',
    ),
    "an order for the whole file": ("# type: ignore\n# c\nx\n", '# type: ignore\n"""D."""\n\n# c\nx\n'),
    "no final newline": ("x", '"""D."""\n\nx'),
    "CRLF": ("# c\r\n\r\nx\r\n", '# c\r\n\r\n"""D."""\r\n\r\nx\r\n'),
    "lone CR": ("# c\r\rx\r", '# c\r\r"""D."""\r\rx\r'),
    "a form feed": ("\fimport os\n", '"""D."""\n\n\fimport os\n'),
}


@pytest.mark.parametrize(("before", "after"), MODULES.values(), ids=MODULES.keys())
def test_modules(before: str, after: str) -> None:
    assert _inserted(before.encode(), ast.parse(before.encode())).decode() == after


def test_opened_definitions_get_the_blank_line_that_the_next_one_needs() -> None:
    source = b"class A:\n    def f(self): ...  # c\n    def g(self): ...\n"
    tree = ast.parse(source)
    first = next(node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))
    after = b'class A:\n    def f(self):\n        """D."""\n        ...  # c\n\n    def g(self): ...\n'
    assert _inserted(source, first) == after


SKIPPED = {
    "an empty module": (b"# c\n", "empty"),
    "a docstring": (b"def f():\n    'x'\n", "string"),
    "bytes": (b"def f():\n    b'x'\n", "string"),
    "an f-string": (b"def f():\n    f'x'\n", "string"),
    "a formatted string": (b"def f():\n    'x' % y.z\n", "string"),
    "a string with a method": (b"def f():\n    'x'.format(y)[0]\n", "string"),
    "an order behind a one-line body": (b"def f(): pass  # pragma: no cover\n", "order"),
    "a definition on a continued line": (b"\\\ndef f(): pass\n", "continues"),
    "a body on a continued line": (b"def f():\n  \\\n  pass\n", "not understood"),
    "a one-line body that goes on": (b"def f(): pass; \\\n\nx = 1\n", "next line"),
}


@pytest.mark.parametrize(("source", "reason"), SKIPPED.values(), ids=SKIPPED.keys())
def test_what_is_left_alone_says_why(source: bytes, reason: str) -> None:
    found = insertion(source, "a.py", _last(source), _lines)
    assert isinstance(found, Skipped)
    assert reason in found.reason


def _refused(indent: str) -> tuple[str, ...]:
    raise ValueError("too long")


WRITERS = {
    "refuses": (_refused, "too long"),
    "gives another indentation": (lambda indent: ('"""D."""',), "indentation"),
    "gives no string": (lambda indent: (f"{indent}1",), "string"),
    "gives no literal": (lambda indent: (f'{indent}"""D',), "string"),
    "gives bytes": (lambda indent: (f'{indent}b"""D."""',), "string"),
    "gives nothing": (lambda indent: (), "string"),
}


@pytest.mark.parametrize(("writer", "reason"), WRITERS.values(), ids=WRITERS.keys())
def test_a_docstring_that_cannot_be_written_is_said(writer, reason) -> None:
    source = b"def f():\n    pass\n"
    found = insertion(source, "a.py", _last(source), writer)
    assert found == Skipped("a.py:1", found.reason)
    assert reason in found.reason


ENCODINGS = ["utf-8", "latin-1", "cp1252", "iso-8859-15", "cp932", "euc-jp", "gbk", "koi8-r", "ascii", "utf-8-sig"]


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_every_encoding_keeps_its_bytes(encoding: str) -> None:
    letters = {"cp932": "日ソ", "euc-jp": "日ソ", "gbk": "日中", "koi8-r": "жы", "ascii": "e"}.get(encoding, "éß")
    text = f"# coding: {encoding}\nx = '{letters}'\ndef f(a='{letters}', b='{letters}'): return a  # {letters}\n"
    after = text.replace(": return", ':\n    """D."""\n    return')
    assert _inserted(text.encode(encoding)) == after.encode(encoding)


def test_a_byte_order_mark_stays_first() -> None:
    source = codecs.BOM_UTF8 + "def é(): return 1\r\n".encode()
    assert _inserted(source) == codecs.BOM_UTF8 + 'def é():\r\n    """D."""\r\n    return 1\r\n'.encode()
    assert _inserted(source, ast.parse(source)).startswith(codecs.BOM_UTF8 + b'"""D."""\r\n\r\n\r\ndef')


def test_a_cookie_is_looked_for_where_python_looks() -> None:
    source = "x = 1\r\rx = 'coding: latin-1'\rdef f(a='é'):\r    pass\r".encode()
    assert _inserted(source).decode().endswith('def f(a=\'é\'):\r    """D."""\r    pass\r')


def test_text_that_the_encoding_lacks_is_not_written() -> None:
    source = b"# coding: latin-1\ndef f():\n    pass\n"
    found = insertion(source, "a.py", _last(source), lambda indent: (f'{indent}"""日"""',))
    assert isinstance(found, Skipped)
    assert "iso8859-1" in found.reason


def test_an_encoding_with_states_is_left_alone_or_right() -> None:
    text = "# coding: iso-2022-jp\ndef f(a='日'):\n    return '日'\n"
    source = text.encode("iso-2022-jp")
    assert _inserted(source) == text.replace("    return", '    """D."""\n    return').encode("iso-2022-jp")


def test_a_header_of_absurd_depth_is_no_crash() -> None:
    source = b"def f(a=" + b"(" * 80 + b"1" + b")" * 80 + b"):\n    pass\n"
    assert b'"""D."""' in _inserted(source)
    chain = b"def f(a=" + b"+".join([b"1"] * 900) + b"):\n    pass\n"
    assert isinstance(insertion(chain, "a.py", _last(chain), _lines), Edit | Skipped)


def test_finding_nothing_does_not_load_libcst() -> None:
    code = (
        "import sys, ast; from improver.analyzers.docstring.insertion import insertion;"
        "insertion(b'', 'a.py', ast.parse(''), tuple); sys.exit('libcst' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


_NAMES = st.sampled_from(["f", "é", "日本"])
_PARAMETERS = st.sampled_from(
    ["", "a", "a: 'x:y' = lambda b: {b: ':'}", "\n    a,  # c: d\n", "*a, **b", "a='é', /, b=\"#\"", "a=(yield_ := 1)"]
)
_BEHIND = st.sampled_from(["", "  # c", " # é: ("])
_ABOVE = st.sampled_from(["", "# c\n", "@d\n", "@d(  # (\n    1)\n", "\f\n", "x = 'é'; y = 1\n"])
_BELOW = st.sampled_from(["", "{0}# c\n", "\n", "# c\n\n", "\f\n", "{0}# type: () -> int\n"])
_GAPS = st.sampled_from(["", " ", " \\\n  "])
_BODIES = st.sampled_from(
    ["return 1", "a; b", "x = 'é'  # c", "def g():\n{0}{1}pass", "@d\n{0}class B: pass", "(1,\n2)", "if x: pass"]
)


@st.composite
def _sources(draw: st.DrawFn) -> str:
    unit = draw(st.sampled_from(["    ", "  ", "\t"]))
    depth = draw(st.integers(0, 2))
    keyword = draw(st.sampled_from(["def {}({})", "async def {}({})", "class {}"]))
    name, parameters = draw(_NAMES), draw(_PARAMETERS)
    outer, inner = unit * depth, unit * (depth + 1)
    above = "".join(f"{outer}{line}\n" for line in draw(_ABOVE).splitlines())
    below, body = draw(_BELOW), draw(_BODIES).format(inner, unit)
    header = outer + keyword.format(name, parameters)
    if draw(st.booleans()) or body.startswith(("def", "@", "if")):
        whole = f"{header}:{draw(_BEHIND)}\n{below.format(inner)}{inner}{body}"
    else:
        whole = f"{header}:{draw(_GAPS)}{body}{draw(_BEHIND)}"
    parents = "".join(f"{unit * level}if x:\n" for level in range(depth))
    end = draw(st.sampled_from(["", "\n", f"\n{outer}y = 1\n"]))
    return (parents + above + whole + end).replace("\n", draw(st.sampled_from(["\n", "\r\n", "\r"])))


@settings(max_examples=400, deadline=None)
@given(_sources(), st.sampled_from([_lines, _more]), st.booleans())
def test_the_tree_is_the_old_one_and_the_docstring(source: str, lines, marked: bool) -> None:
    content = source.encode("utf-8-sig" if marked else "utf-8")
    tree = ast.parse(content)
    for node in [found for found in ast.walk(tree) if isinstance(found, Block | ast.Module)]:
        edit = insertion(content, "a.py", node, lines)
        assert isinstance(edit, Edit) or "form feed" in edit.reason, edit
        changed = ast.parse(apply(content, [edit]))
        erased = [found for found in ast.walk(changed) if isinstance(found, Block | ast.Module)]
        documented = [found for found in erased if ast.get_docstring(found, clean=False)]
        assert [getattr(found, "name", "") for found in documented] == [getattr(node, "name", "")]
        documented[0].body.pop(0)
        assert ast.dump(changed) == ast.dump(tree)
        assert not edit.before.strip(b" \\\r\n") or edit.before in content


@settings(max_examples=100, deadline=None)
@given(_sources(), st.sampled_from([_lines, _more]))
def test_black_has_nothing_to_do_after_it(source: str, lines) -> None:
    content = black.format_str(source, mode=black.Mode()).encode()
    tree = ast.parse(content)
    found = [insertion(content, "a.py", node, lines) for node in ast.walk(tree) if isinstance(node, Block | ast.Module)]
    changed = apply(content, [edit for edit in found if isinstance(edit, Edit)]).decode()
    assert black.format_str(changed, mode=black.Mode()) == changed
