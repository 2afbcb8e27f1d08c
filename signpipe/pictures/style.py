"""The looks of the pages: one style sheet, light or dark as the reader's system is."""

STYLE = """
:root { color-scheme: light dark;
  --ground: #ffffff; --ink: #1c2024; --quiet: #5b6570; --line: #d9dee3; --panel: #f5f7f9;
  --bar: #2f8f6b; --link: #0b62a8; --alarm: #8a4b00; --alarm-ground: #fff4e0; }
@media (prefers-color-scheme: dark) { :root {
  --ground: #15181c; --ink: #e6e9ec; --quiet: #9aa5b0; --line: #343b43; --panel: #1e2329;
  --bar: #4cbb92; --link: #7fbdf2; --alarm: #ffc873; --alarm-ground: #33270f; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink);
  font: 16px/1.5 system-ui, "DejaVu Sans", sans-serif; overflow-wrap: anywhere; }
main { max-width: 64rem; margin: 0 auto; padding: 1.25rem 1rem 4rem; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: .5rem 0; }
h2 { font-size: 1.25rem; margin: 2.5rem 0 .5rem; padding-top: .75rem;
  border-top: 1px solid var(--line); }
p { margin: .6rem 0; max-width: 46rem; }
.lead { color: var(--quiet); font-size: 1.05rem; }
.warning { background: var(--alarm-ground); color: var(--alarm);
  border-left: .3rem solid currentColor; padding: .6rem .9rem; border-radius: .25rem; }
nav { display: flex; flex-wrap: wrap; gap: .3rem 1.1rem; margin: 1rem 0; }
a { color: var(--link); }
.facts { display: flex; flex-wrap: wrap; gap: .6rem; margin: 1rem 0; }
.facts div { display: flex; flex-direction: column-reverse; justify-content: flex-end;
  flex: 1 1 7.5rem; padding: .6rem .9rem; background: var(--panel); border: 1px solid var(--line);
  border-radius: .5rem; }
.facts dt { color: var(--quiet); font-size: .875rem; }
.facts dd { margin: 0; font-size: 1.4rem; font-weight: 600; font-variant-numeric: tabular-nums; }
.box { max-width: 100%; max-height: 33rem; overflow: auto; margin: 1rem 0;
  border: 1px solid var(--line); border-radius: .5rem; overflow-wrap: break-word; }
table { border-collapse: separate; border-spacing: 0; width: 100%; font-size: .9375rem; }
.caption { margin: 1.25rem 0 -.5rem; color: var(--quiet); font-size: .9375rem; }
th, td { text-align: left; vertical-align: top; padding: .4rem .6rem;
  border-top: 1px solid var(--line); max-width: 24rem; unicode-bidi: isolate; }
th { position: sticky; top: 0; background: var(--panel); font-weight: 600; white-space: nowrap; }
.long { min-width: 12rem; overflow-wrap: anywhere; }
.n { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
.record { margin: 1rem 0; padding: .1rem .9rem .7rem; border: 1px solid var(--line);
  border-radius: .5rem; }
.record .caption { margin: .5rem 0; color: var(--ink); font-weight: 600; }
.record dl { margin: 0; display: grid; gap: .5rem 1.25rem; font-size: .9375rem;
  grid-template-columns: repeat(auto-fill, minmax(min(9rem, 100%), 1fr)); }
.record .whole { grid-column: 1 / -1; }
.record dt { color: var(--quiet); font-size: .8125rem; }
.record dd { margin: 0; }
details { margin: 2.5rem 0 1rem; padding: .6rem .9rem; background: var(--panel);
  border: 1px solid var(--line); border-radius: .5rem; }
code { font: .9em ui-monospace, "DejaVu Sans Mono", monospace; }
summary { cursor: pointer; }
details ul { margin: .6rem 0 .2rem; padding-left: 1.25rem; }
.share { min-width: 6.5rem; }
.share b { font-weight: 400; }
.share span { display: block; height: .25rem; margin-top: .15rem; border-radius: .2rem;
  background: var(--line); overflow: hidden; }
.share i { display: block; height: 100%; background: var(--bar); }
figure { margin: 1rem 0; }
figure img { display: block; max-width: 100%; height: auto; background: #fff; padding: .5rem;
  border: 1px solid var(--line); border-radius: .5rem; }
figcaption { color: var(--quiet); font-size: .9375rem; margin-top: .4rem; max-width: 46rem; }
.cards { list-style: none; padding: 0; margin: 1rem 0; display: grid; gap: 1rem;
  grid-template-columns: repeat(auto-fill, minmax(min(15rem, 100%), 1fr)); }
.cards li { border: 1px solid var(--line); border-radius: .5rem; overflow: hidden;
  background: var(--panel); display: flex; flex-direction: column; padding-bottom: .6rem; }
.cards img { display: block; width: 100%; aspect-ratio: 4 / 3; object-fit: contain;
  background: #101214; }
.cards strong { padding: .5rem .75rem 0; font-size: .9375rem; }
.cards span { padding: 0 .75rem; color: var(--quiet); font-size: .9375rem; }
@media (max-width: 32rem) { table { font-size: .85rem; } th, td { padding: .35rem .45rem; }
  .share { min-width: 3.6rem; } }
@media print { .box { max-height: none; overflow: visible; } h2 { break-after: avoid; } }
"""
