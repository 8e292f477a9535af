"""Readers planted in the repository: something harmless becomes behaviour, because somebody reads it at run time.

Each template is a file that reads the docstring, or the annotations, of one thing of the changed file. `MODULE` stands
for the module that holds it, `THING` for the thing, `PATH` for the file's path.
"""

from __future__ import annotations

OF_DOCSTRINGS = {
    "`__doc__`": "import MODULE\nprint(MODULE.THING.__doc__)\n",
    "`__doc__` of an imported name": "from MODULE import THING\nprint(THING.__doc__)\n",
    "`__doc__` of a renamed import": "from MODULE import THING as other\nprint(other.__doc__)\n",
    "`__doc__` by way of a variable": "import MODULE as m\nx = m.THING\ny = x\nprint(y.__doc__)\n",
    "`__doc__` by way of a function": (
        "from MODULE import THING\n\ndef show(function):\n    return function.__doc__\n\nprint(show(THING))\n"
    ),
    "`__doc__` of all that a module holds": (
        "import MODULE\nfor name in dir(MODULE):\n    print(getattr(MODULE, name).__doc__)\n"
    ),
    "`__doc__` of a dictionary's values": (
        "from MODULE import THING\nCOMMANDS = {'a': THING}\nfor name, f in COMMANDS.items():\n    print(f.__doc__)\n"
    ),
    "`getattr`": "from MODULE import THING\nprint(getattr(THING, '__doc__', ''))\n",
    "`attrgetter`": "from operator import attrgetter\nfrom MODULE import THING\nprint(attrgetter('__doc__')(THING))\n",
    "`vars`": "from MODULE import THING\nprint(vars(THING)['__doc__'])\n",
    "`object.__getattribute__`": "from MODULE import THING\nprint(object.__getattribute__(THING, '__doc__'))\n",
    "an f-string": "from MODULE import THING\nprint(f'usage: {THING.__doc__}')\n",
    "`str.format`": "from MODULE import THING\nprint('usage: {0.__doc__}'.format(THING))\n",
    "`str.format` by name": "from MODULE import THING\nprint('usage: {f.__doc__}'.format(f=THING))\n",
    "a class pattern": (
        "from MODULE import THING\nmatch THING:\n    case object(__doc__=text):\n        print(text)\n"
    ),
    "`inspect.getdoc`": "import inspect\nfrom MODULE import THING\nprint(inspect.getdoc(THING))\n",
    "`inspect.getdoc` renamed": "from inspect import getdoc as words\nfrom MODULE import THING\nprint(words(THING))\n",
    "`inspect.getmembers`": (
        "import inspect\nimport MODULE\nfor _, f in inspect.getmembers(MODULE):\n    print(inspect.getdoc(f))\n"
    ),
    "`inspect.getsource`": "import inspect\nfrom MODULE import THING\nprint(inspect.getsource(THING))\n",
    "`inspect.getsource` of the module": "import inspect\nimport MODULE\nprint(inspect.getsource(MODULE))\n",
    "`help`": "from MODULE import THING\nhelp(THING)\n",
    "`help` of the module": "import MODULE\nhelp(MODULE)\n",
    "`pydoc`": "import pydoc\nfrom MODULE import THING\nprint(pydoc.render_doc(THING))\n",
    "`pydoc` of the module": "import pydoc\npydoc.help('MODULE')\n",
    "`co_consts`": "from MODULE import THING\nprint(THING.__code__.co_consts)\n",
    "argparse": (
        "import argparse\nfrom MODULE import THING\nprint(argparse.ArgumentParser(description=THING.__doc__))\n"
    ),
    "fire": "import fire\nfrom MODULE import THING\nfire.Fire(THING)\n",
    "fire of the module": "import fire\nimport MODULE\nfire.Fire(MODULE)\n",
    "click": "import click\nfrom MODULE import THING\nmain = click.command()(THING)\n",
    "typer": "import typer\nfrom MODULE import THING\ntyper.run(THING)\n",
    "an application's command": (
        "import typer\nfrom MODULE import THING\napp = typer.Typer()\napp.command()(THING)\n"
    ),
    "a tool for a language model": (
        "from langchain_core.tools import tool\nfrom MODULE import THING\nmade = tool(THING)\n"
    ),
    "a route": "import fastapi\nfrom MODULE import THING\napp = fastapi.FastAPI()\napp.get('/')(THING)\n",
    "a route added": (
        "import fastapi\nfrom MODULE import THING\napp = fastapi.FastAPI()\napp.add_api_route('/', THING)\n"
    ),
    "XML-RPC": (
        "from xmlrpc.server import SimpleXMLRPCServer\nfrom MODULE import THING\nserver = SimpleXMLRPCServer(('', 0))\n"
        "server.register_introspection_functions()\nserver.register_function(THING)\n"
    ),
    "a wrapper": (
        "import functools\nfrom MODULE import THING\n\n@functools.wraps(THING)\ndef other(*given): ...\n\n"
        "print(other.__doc__)\n"
    ),
    "a copy": "from MODULE import THING\n\ndef other(): ...\n\nother.__doc__ = THING.__doc__\nprint(other.__doc__)\n",
    "a subclass or a partial": (
        "import functools\nfrom MODULE import THING\nprint(functools.partial(THING).func.__doc__)\n"
    ),
    "`import_module`": "import importlib\nprint(importlib.import_module('MODULE').THING.__doc__)\n",
    "`__import__`": "print(__import__('MODULE', fromlist=['x']).THING.__doc__)\n",
    "`sys.modules`": "import sys\nimport MODULE\nprint(sys.modules['MODULE'].THING.__doc__)\n",
    "a star import": "from MODULE import *\nprint(THING.__doc__)\n",
    "`ast` on the source": (
        "import ast\nimport MODULE\nprint(ast.get_docstring(ast.parse(open(MODULE.__file__).read()).body[-1]))\n"
    ),
    "the source by its path": "from pathlib import Path\nprint(Path('PATH').read_text())\n",
    "`linecache`": "import linecache\nimport MODULE\nprint(linecache.getlines(MODULE.__file__))\n",
    "a test": "from MODULE import THING\n\ndef test_words():\n    assert THING.__doc__ == 'It.'\n",
}  # fmt: skip

OF_ANNOTATIONS = {
    "`__annotations__`": "from MODULE import THING\nprint(THING.__annotations__)\n",
    "`__annotations__` by `getattr`": "from MODULE import THING\nprint(getattr(THING, '__annotations__'))\n",
    "`__annotations__` by `str.format`": "from MODULE import THING\nprint('{0.__annotations__}'.format(THING))\n",
    "`__annotations__` by a class pattern": (
        "from MODULE import THING\nmatch THING:\n    case object(__annotations__=found):\n        print(found)\n"
    ),
    "`get_type_hints`": "import typing\nfrom MODULE import THING\nprint(typing.get_type_hints(THING))\n",
    "`get_type_hints` by way of a function": (
        "from typing import get_type_hints\nfrom MODULE import THING\n\ndef asked(f):\n    return get_type_hints(f)\n\n"
        "print(asked(THING))\n"
    ),
    "`inspect.signature`": "import inspect\nfrom MODULE import THING\nprint(inspect.signature(THING))\n",
    "`annotation` of a parameter": (
        "import inspect\nfrom MODULE import THING\nfor one in inspect.signature(THING).parameters.values():\n"
        "    print(one.annotation)\n"
    ),
    "`inspect.getfullargspec`": "import inspect\nfrom MODULE import THING\nprint(inspect.getfullargspec(THING))\n",
    "`inspect.get_annotations`": "import inspect\nfrom MODULE import THING\nprint(inspect.get_annotations(THING))\n",
    "`help` shows them": "from MODULE import THING\nhelp(THING)\n",
    "`pydoc` shows them": "import pydoc\nfrom MODULE import THING\nprint(pydoc.render_doc(THING))\n",
    "`pydoc` of the module shows them": (
        "import pydoc\nimport MODULE\nprint(pydoc.render_doc(MODULE))\n"
    ),
    "singledispatch": (
        "import functools\nfrom MODULE import THING\n\n@functools.singledispatch\ndef kind(x): ...\n\n"
        "kind.register(THING)\n"
    ),
    "pydantic": "import pydantic\nfrom MODULE import THING\nmade = pydantic.validate_call(THING)\n",
    "beartype": "from beartype import beartype\nfrom MODULE import THING\nmade = beartype(THING)\n",
    "typeguard of the module": "from typeguard.importhook import install_import_hook\ninstall_import_hook('MODULE')\n",
    "a container": "import injector\nfrom MODULE import THING\ninjector.Injector().call_with_injection(THING)\n",
    "a route": "import fastapi\nfrom MODULE import THING\napp = fastapi.FastAPI()\napp.get('/')(THING)\n",
    "a command line": "import typer\nfrom MODULE import THING\ntyper.run(THING)\n",
    "a wrapper": (
        "import functools\nimport typing\nfrom MODULE import THING\n\n"
        "@functools.wraps(THING)\ndef other(*given): ...\n\n"
        "print(typing.get_type_hints(other))\n"
    ),
    "a copy": (
        "from MODULE import THING\n\ndef other(): ...\n\nother.__annotations__ = THING.__annotations__\n"
        "print(other.__annotations__)\n"
    ),
    "the source": "import inspect\nfrom MODULE import THING\nprint(inspect.getsource(THING))\n",
}  # fmt: skip
