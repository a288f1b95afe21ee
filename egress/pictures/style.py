"""The style of the report: light and dark, wide and narrow, screen and paper."""

from __future__ import annotations

from egress.pictures.palette import DARK, LIGHT, Palette


def _variables(palette: Palette) -> str:
    return " ".join(f"--{name}: {colour};" for name, colour in palette.colours().items())


STYLE = f"""
:root {{ color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; {_variables(LIGHT)} }}
@media screen and (prefers-color-scheme: dark) {{ :root {{ {_variables(DARK)} }} }}
body {{ max-width: 78rem; margin: 2rem auto; padding: 0 1rem; color: var(--ink); background: var(--paper); }}
h2 {{ margin-top: 2.5rem; border-bottom: 1px solid var(--rule); }}
h1, td, li, p {{ overflow-wrap: break-word; }}
table {{ border-collapse: collapse; width: 100%; }}
th, td {{ text-align: left; vertical-align: top; padding: .35rem .8rem .35rem 0; border-bottom: 1px solid var(--rule); }}
pre {{ background: var(--box); padding: .6rem .8rem; margin: .2rem 0 1rem; overflow-x: auto; }}
svg {{ max-width: 100%; height: auto; }}
.how {{ margin: 0; }}
.tall {{ display: none; }}
.good {{ color: var(--good); }} .some {{ color: var(--some); }} .bad {{ color: var(--bad); font-weight: 600; }} .faint {{ color: var(--faint); }}
@media screen and (max-width: 62rem) {{ .wide {{ display: none; }} .tall {{ display: block; }} }}
@media screen and (max-width: 50rem) {{
  thead {{ display: none; }}
  table, tbody, tr, td {{ display: block; width: auto; }}
  tr {{ border-bottom: 1px solid var(--rule); padding: .6rem 0; }}
  td {{ border: 0; padding: .1rem 0; }}
  pre {{ white-space: pre-wrap; overflow-wrap: anywhere; }}
  td::before {{ content: attr(data-of) ": "; color: var(--faint); font-weight: 400; }}
}}
@media print {{
  :root {{ font-size: 10pt; color-scheme: light; }}
  body {{ margin: 0; max-width: none; padding: 0; }}
  .wide, details {{ display: none; }} .tall {{ display: block; }} .tall svg {{ max-height: 15cm; }}
  tr, li, pre, svg {{ break-inside: avoid; }} h2, h3, .how {{ break-after: avoid; }}
  pre {{ white-space: pre-wrap; border: 1px solid var(--rule); background: none; }}
}}
"""
