/** The page's one style sheet: paper and ink, or the reverse where the reader's system is dark. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --paper: #fbfaf6; --raised: #ffffff; --ink: #1d1f24; --soft: #5c6069; --hair: #dfdcd3; --grid: #ebe8df;
  --conv: #2a63a8; --attention: #a8468a; --add: #bd5415; --shift: #0f7963; --on: #ffffff;
  --grey-1: #6c717b; --grey-2: #7d828b; --grey-3: #989ca4; --grey-on: #ffffff; --quiet: #83878f; --winner: #1d1f24;
  --level-0: #d49a1c; --level-1: #2f3a52; --level-other: #465675; --level-2: #5f7299; --level-3: #93a4c4; --level-4: #c3cee0;
  --on-0: #1d1f24; --on-1: #ffffff; --on-other: #ffffff; --on-2: #ffffff; --on-3: #1d1f24; --on-4: #1d1f24;
  --over: #fff1ea; --limit: #b3402a; --dot: #8f99aa; --good: #0f7963; --bad: #b3402a;
  --serif: "Source Serif 4", "Iowan Old Style", "Palatino Linotype", Palatino, "Book Antiqua", Georgia, "DejaVu Serif", serif;
  --sans: "Inter", "Source Sans 3", "Segoe UI", Roboto, "Helvetica Neue", Arial, "Liberation Sans", sans-serif;
  --mono: ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14161a; --raised: #1b1e24; --ink: #eceae4; --soft: #a2a7b1; --hair: #333842; --grid: #262a32;
    --conv: #74aef0; --attention: #e08fc8; --add: #f2995c; --shift: #4fc4a7; --on: #14161a;
    --grey-1: #a0a5af; --grey-2: #8b909a; --grey-3: #737882; --grey-on: #14161a; --quiet: #8d929c; --winner: #f6f3ea;
    --level-0: #e8b84a; --level-1: #e3e8f3; --level-other: #c6d0e4; --level-2: #9fb0d0; --level-3: #6d80a6; --level-4: #465675;
    --on-0: #14161a; --on-1: #14161a; --on-other: #14161a; --on-2: #14161a; --on-3: #ffffff; --on-4: #ffffff;
    --over: #2a1d1a; --limit: #f08a72; --dot: #717b8c; --good: #4fc4a7; --bad: #f08a72;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.55 var(--sans); font-variant-numeric: tabular-nums lining-nums; }
main { max-width: 1048px; margin: 0 auto; padding: 44px 24px 72px; }
h1, h2 { font-family: var(--serif); font-weight: 600; text-wrap: balance; overflow-wrap: anywhere; }
h1 { font-size: clamp(30px, 5.2vw, 50px); line-height: 1.12; letter-spacing: -0.015em; margin: 14px 0 16px; }
h2 { font-size: 25px; line-height: 1.25; letter-spacing: -0.005em; margin: 0 0 6px; }
h3 { font-size: 13px; font-weight: 650; color: var(--soft); margin: 0 0 8px; overflow-wrap: anywhere; }
code { font-family: var(--mono); font-size: 0.86em; overflow-wrap: anywhere; }
.over { margin: 0; display: flex; flex-wrap: wrap; gap: 4px 14px; align-items: center; font-size: 14px; color: var(--soft); }
.over span:first-child { font-weight: 650; color: var(--ink); }
.badge { border: 1px solid currentColor; border-radius: 99px; padding: 1px 10px; font-size: 13px; }
.badge.finished { color: var(--good); } .badge.failed { color: var(--bad); } .badge.interrupted, .badge.going { color: var(--add); }
.lead, .caption { max-width: 68ch; color: var(--soft); }
.lead { font-size: 18px; margin: 0; }
.lead code { color: var(--ink); }
.caption { margin: 0 0 20px; font-size: 15px; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(152px, 1fr)); gap: 22px 28px; margin: 36px 0 0; border-top: 2px solid var(--ink); padding-top: 18px; }
.tiles dt { font-size: 13px; color: var(--soft); }
.tiles dd { margin: 0; font-size: 27px; font-family: var(--serif); font-weight: 600; line-height: 1.3; white-space: nowrap; }
.tiles .detail { font: 13px/1.4 var(--sans); color: var(--soft); white-space: normal; }
figure, section { margin: 64px 0 0; min-width: 0; }
.pair { display: grid; grid-template-columns: 1fr 1fr; gap: 0 40px; }
svg { display: block; max-width: 100%; height: auto; overflow: visible; }
.phone { display: none; }
svg text { font: 12px var(--sans); fill: var(--soft); font-variant-numeric: tabular-nums; }
svg .label { fill: var(--ink); font-weight: 600; }
.grid { stroke: var(--grid); } .tick, .base { stroke: var(--soft); stroke-width: 1; }
.dots circle { fill: var(--dot); fill-opacity: 0.4; } .dots circle:hover { fill: var(--ink); fill-opacity: 1; }
.front { fill: none; stroke: var(--soft); stroke-width: 1.5; stroke-linejoin: round; }
.front-dots circle { fill: var(--paper); stroke: var(--soft); stroke-width: 1.5; } .front-dots circle:hover { fill: var(--soft); }
.network .shape { fill: var(--c); stroke: var(--paper); stroke-width: 1.5; paint-order: stroke; }
.network .ring { fill: var(--paper); stroke: var(--c); stroke-width: 2; }
.network text { font-size: 13px; fill: var(--ink); paint-order: stroke; stroke: var(--paper); stroke-width: 4px; stroke-linejoin: round; }
.network.winner text { font-weight: 700; }
.leader { stroke: var(--quiet); stroke-width: 1; fill: none; }
.limit rect { fill: var(--over); } .limit line { stroke: var(--limit); stroke-dasharray: 5 4; } .limit-text { fill: var(--limit); paint-order: stroke; stroke: var(--paper); stroke-width: 4px; stroke-linejoin: round; }
.flow { stroke: var(--hair); stroke-width: 9; } .bracket { fill: none; stroke: var(--quiet); }
svg .stage { font: 600 14px var(--sans); fill: var(--ink); }
.block .box, .block .bar, .piece rect, .swatch { fill: var(--c); }
.block .bar { fill-opacity: 0.85; } .block:hover .box, .block:hover .bar, .piece:hover rect { filter: brightness(1.12); }
.block .on { fill: var(--on); font-weight: 600; } .piece text { fill: var(--t); font-weight: 600; }
.glyph { fill: none; stroke: var(--on); stroke-width: 2.4; stroke-linecap: round; stroke-linejoin: round; } .glyph .solid { fill: var(--on); stroke: none; }
svg .small { font-size: 12px; }
.piece rect { stroke: var(--paper); stroke-width: 1; }
svg .row { font-size: 13px; fill: var(--ink); } .key text { fill: var(--ink); }
.curve path { fill: none; stroke: var(--c); stroke-width: 1.8; stroke-linejoin: round; } .curve circle { fill: var(--c); }
.curve .leader { stroke-width: 1; stroke-opacity: 0.55; } .curve text { fill: var(--ink); }
.curve.winner path:not(.leader) { stroke-width: 2.8; } .curve.winner text { font-weight: 700; } .curve.supernet path:not(.leader) { stroke-dasharray: 2 4; stroke-linecap: round; stroke-width: 2.2; }
.search line { stroke: var(--quiet); } .search text { fill: var(--ink); }
.best { fill: none; stroke: var(--ink); stroke-width: 2.2; stroke-linejoin: round; } .generations line { stroke: var(--hair); stroke-width: 1; stroke-dasharray: 2 3; }
.random .band { fill: var(--quiet); fill-opacity: 0.18; } .random .middle { fill: none; stroke: var(--quiet); stroke-width: 1.8; stroke-linejoin: round; } .random text { fill: var(--ink); } .own text { fill: var(--ink); font-weight: 700; }
.scroll { overflow-x: auto; margin: 0 -24px; padding: 0 24px; }
table { border-collapse: collapse; width: 100%; font-size: 14px; line-height: 1.4; }
th, td { text-align: right; padding: 10px 0 10px 20px; border-bottom: 1px solid var(--hair); white-space: nowrap; vertical-align: top; }
thead th { font-size: 13px; font-weight: 500; color: var(--soft); border-bottom: 1px solid var(--ink); padding-top: 0; }
th:first-child { text-align: left; padding-left: 0; }
tbody th { font-weight: 500; } tbody th div { display: flex; gap: 9px; align-items: baseline; } tr.winner th, tr.winner td { font-weight: 700; }
tbody th code { display: block; font-weight: 400; font-size: 12px; color: var(--soft); }
.mark { width: 10px; height: 10px; border-radius: 3px; background: var(--c); flex: none; }
td small { display: block; font-size: 12px; font-weight: 400; color: var(--soft); }
.layer { margin: 0 0 26px; } .layer h3 { color: var(--ink); font-size: 14px; }
.tensors { display: grid; grid-template-columns: repeat(3, minmax(0, 1fr)); gap: 10px 28px; }
.tensor p { margin: 0; font-size: 13px; color: var(--soft); } .tensor p:first-child { margin-bottom: 4px; }
.tensor svg { width: 100%; height: 90px; border-bottom: 1px solid var(--soft); overflow: hidden; } .tensor rect { fill: var(--c); fill-opacity: 0.55; }
.fit { fill: none; stroke: var(--ink); stroke-width: 1.6; vector-effect: non-scaling-stroke; } .fit.laplace { stroke-dasharray: 5 4; }
.tensor .range { display: flex; justify-content: space-between; font-size: 12px; } .fits { display: flex; flex-wrap: wrap; gap: 0 12px; font-size: 12px; } .tensor .better { color: var(--ink); font-weight: 650; }
.sample { display: inline-block; width: 26px; border-top: 2px solid var(--ink); vertical-align: middle; margin: 0 3px; } .sample.laplace { border-top-style: dashed; }
details summary { cursor: pointer; color: var(--soft); margin: 0 0 20px; }
.facts { display: grid; grid-template-columns: repeat(3, minmax(0, 1fr)); gap: 28px 40px; margin-top: 18px; }
.facts .many { grid-column: 1 / -1; } .facts dl { margin: 0; font-size: 14px; } .many dl { columns: 3; column-gap: 40px; }
.facts dl div { display: flex; justify-content: space-between; gap: 16px; border-top: 1px solid var(--hair); padding: 5px 0; break-inside: avoid; }
.facts dt { color: var(--soft); flex: none; max-width: 60%; overflow-wrap: anywhere; } .facts dd { margin: 0; text-align: right; overflow-wrap: anywhere; min-width: 0; }
section > h3 { margin-top: 30px; } .notes { margin: 0; padding-left: 20px; font-size: 14px; } .notes li { overflow-wrap: anywhere; }
footer { margin-top: 56px; font-size: 13px; color: var(--soft); }
@media (max-width: 1000px) { .pair { grid-template-columns: minmax(0, 1fr); } }
@media (max-width: 720px) {
  main { padding: 26px 10px 48px; }
  .wide { display: none; } .phone { display: block; }
  .pair, .facts { grid-template-columns: minmax(0, 1fr); } .many dl { columns: 1; }
  figure, section { margin-top: 48px; } h2 { font-size: 22px; }
  .lead { font-size: 16px; } .tiles { grid-template-columns: 1fr 1fr; gap: 16px; } .tiles dd { font-size: 22px; }
  .scroll { margin: 0 -10px; padding: 0 10px; } .tensors { gap: 10px 12px; } .fits { display: block; } .fits span { display: block; }
  .tensor p { font-size: 12px; }
  tbody th { position: sticky; left: 0; background: var(--paper); } th:first-child { min-width: 118px; } tbody th code { display: none; }
}
@media print { body { background: #fff; } figure { break-inside: avoid; } }
`;
