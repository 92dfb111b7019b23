"""How the report looks, in light and in dark, on a wide screen and on a narrow one."""

from __future__ import annotations

CSS = """
:root{color-scheme:light dark;--page:#f7f7f5;--card:#fff;--ink:#1c1e21;--soft:#5c6370;--line:#dfe1e5;--grid:#eceef1;
--good:#12703f;--good-bg:#e3f4ea;--bad:#a3241c;--bad-bg:#fce8e6;--code:#f1f2f4;
--complete:#3b7ddd;--truncated:#e08a00;--stalled:#8c6d1f;--transport:#c8402a;--http:#a0468f;--inband:#1d8f72;
--protocol:#5b4fc4;--cancelled:#8b929c;--internal:#15181c;--unfinished:#b9bec6}
@media(prefers-color-scheme:dark){:root{--page:#131518;--card:#1b1e23;--ink:#e6e8eb;--soft:#9aa2ae;--line:#333941;
--grid:#282d34;--good:#7fd6a3;--good-bg:#16321f;--bad:#ff9d92;--bad-bg:#3d1a17;--code:#23272e;
--complete:#5e9bf0;--truncated:#f0a53a;--stalled:#c9a64a;--transport:#f0705a;--http:#d37fc3;--inband:#45bd9c;
--protocol:#9a90f5;--cancelled:#868e99;--internal:#f2f4f7;--unfinished:#565d67}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:15px/1.5 system-ui,sans-serif;
font-variant-numeric:tabular-nums}
main{max-width:860px;margin:0 auto;padding:28px 16px 48px}
h1{font-size:26px;line-height:1.2;margin:0 0 4px;overflow-wrap:anywhere}
h2{font-size:17px;margin:0 0 10px}
h3{font-size:14px;margin:0 0 4px}
header p{margin:0;color:var(--soft)}
section{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:16px 18px;margin:16px 0 0}
.verdict{font-size:17px;font-weight:600;padding:10px 14px;border-radius:10px;margin:16px 0;overflow-wrap:anywhere}
.good{color:var(--good);background:var(--good-bg)}
.bad{color:var(--bad);background:var(--bad-bg)}
.bill{display:flex;flex-wrap:wrap;gap:6px 24px;margin:0}
.bill dt{color:var(--soft);font-size:13px}
.bill dd{margin:0;overflow-wrap:anywhere}
pre{background:var(--code);border-radius:8px;padding:10px 12px;margin:6px 0 0;overflow-x:auto;
font:13px/1.5 ui-monospace,monospace}
.command{white-space:pre-wrap;overflow-wrap:anywhere}
p{margin:10px 0 0}
.wrong{margin:0;padding-left:22px}
.wrong li{margin:0 0 10px;overflow-wrap:anywhere}
summary{color:var(--soft);cursor:pointer}
.wide{overflow-x:auto}
table{border-collapse:collapse;font-size:14px}
th,td{text-align:left;padding:4px 14px 4px 0;border-bottom:1px solid var(--grid);vertical-align:top}
th{font-weight:500;color:var(--soft);white-space:nowrap}
.pairs{width:100%}
.pairs th,.pairs td{border:0;border-top:1px solid var(--grid)}
.pairs td{width:100%}
.pairs .more th,.pairs .more td{border:0;padding-top:0;padding-bottom:2px}
.pairs tr:first-child th,.pairs tr:first-child td{border:0}
.pairs td{white-space:pre-wrap;overflow-wrap:anywhere}
figure{margin:0}
figcaption{color:var(--soft);font-size:13px;margin-top:6px}
.plot{min-width:640px}
svg{display:block;width:100%;height:auto}
.pair{display:flex;flex-wrap:wrap;gap:20px}
.pair figure{flex:1 1 300px;min-width:0;max-width:400px}
.legend{list-style:none;display:flex;flex-wrap:wrap;gap:4px 18px;margin:0 0 10px;padding:0;font-size:13px}
.legend i{color:var(--soft);font-style:normal}
.key{display:inline-block;width:11px;height:11px;border-radius:3px;margin-right:6px;background:currentColor}
text{font:11px system-ui,sans-serif;fill:var(--ink)}
.axis{fill:var(--soft)}
.letter{font-weight:700;font-size:10px;paint-order:stroke;stroke:var(--card);stroke-width:2px}
.grid{stroke:var(--grid)}
.track{stroke:var(--line);stroke-dasharray:1 3}
.first{stroke:var(--card);stroke-width:1.4}
.curve{fill:none;stroke:var(--complete);stroke-width:2;stroke-linejoin:round}
.rank{stroke:var(--soft);stroke-dasharray:3 3}
.rank-label{paint-order:stroke;stroke:var(--card);stroke-width:3px}
.c-complete{fill:var(--complete);color:var(--complete)}
.c-truncated{fill:var(--truncated);color:var(--truncated)}
.c-stalled{fill:var(--stalled);color:var(--stalled)}
.c-transport{fill:var(--transport);color:var(--transport)}
.c-http{fill:var(--http);color:var(--http)}
.c-inband{fill:var(--inband);color:var(--inband)}
.c-protocol{fill:var(--protocol);color:var(--protocol)}
.c-cancelled{fill:var(--cancelled);color:var(--cancelled)}
.c-internal{fill:var(--internal);color:var(--internal)}
.c-unfinished{fill:var(--unfinished);color:var(--unfinished)}
@media print{section{break-inside:avoid}}
"""
"""Colours differ in lightness as well as in hue, and each stands beside its word or its letter."""
