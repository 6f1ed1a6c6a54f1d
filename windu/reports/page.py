"""The page around the sections: one file, nothing from elsewhere, no scripts."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

__all__ = ["page"]

#: Even what got past the escaping may neither run nor be fetched.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
_STYLE = """
:root {color-scheme: light dark; --ink: #1c1e21; --back: #fff; --line: #d9dce1;
 --soft: #f4f5f7; --warn: #b45309; --bar: #2a78d6}
@media (prefers-color-scheme: dark) {:root {--ink: #e4e6ea; --back: #17191c;
 --line: #3a3d43; --soft: #22252a; --warn: #f0a04b; --bar: #5c9ded}}
body {font: 15px/1.5 system-ui, sans-serif; color: var(--ink);
 background: var(--back); max-width: 68rem; margin: 0 auto; padding: 1rem 1.5rem 4rem}
h1 {font-size: 1.6rem; margin: 1rem 0; overflow-wrap: anywhere}
h2 {font-size: 1.15rem; margin: 2.2rem 0 .6rem; padding-bottom: .2rem;
 border-bottom: 1px solid var(--line)}
h3 {font-size: 1rem; margin: 1.2rem 0 .4rem}
p {margin: .4rem 0; max-width: 46rem; overflow-wrap: anywhere}
nav a {margin-right: .9em; color: inherit}
table {border-collapse: collapse; font-size: .87rem; margin: .5rem 0 1rem}
th, td {padding: .22rem .7rem; text-align: left; vertical-align: top;
 overflow-wrap: break-word; max-width: 26rem}
tbody tr {border-top: 1px solid var(--line)}
thead th {font-weight: 600} thead th.n {text-align: right} tbody th {font-weight: 400}
.pairs th {color: inherit; opacity: .75; white-space: nowrap}
td.n {text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap}
.wide {overflow-x: auto}
.bar {display: inline-block; width: 9rem; height: .7rem; background: var(--soft)}
.bar i {display: block; height: 100%; background: var(--bar)}
.confusion td {background: rgba(42, 120, 214, var(--v));
 min-width: 2.2rem; text-align: center; border: 1px solid var(--line)}
.confusion td.dark {color: #fff}
.confusion.dense {font-size: .68rem}
.confusion.dense td, .confusion.dense th {padding: .1rem .25rem; min-width: 1rem}
.confusion.dense thead span {writing-mode: vertical-rl; max-height: 12rem;
 white-space: nowrap; overflow: hidden}
.row {display: flex; flex-wrap: wrap; gap: 1rem 2rem; align-items: flex-start}
.row > div:not(.wide) {flex: 0 1 31rem}
figure {margin: .3rem 0} svg {max-width: 100%; height: auto}
.alarms {color: var(--warn); padding-left: 1.2rem}
pre {background: var(--soft); padding: .8rem 1rem; overflow-x: auto;
 font-size: .85rem; border-radius: 4px}
@media print {body {max-width: none}}
"""


def page(title: str, sections: Iterable[str]) -> str:
    """Return a whole page.

    Parameters
    ----------
    title : str
        Of somebody else's choice.
    sections : iterable of str
        HTML.

    Returns
    -------
    str
        HTML that a browser shows without asking for anything.
    """
    name = escape(title)
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{name}</title><style>{_STYLE}</style></head>\n"
        f"<body><h1>{name}</h1>{''.join(sections)}</body></html>\n"
    )
