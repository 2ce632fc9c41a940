/** Style sheet of the report: light and dark, nothing loaded from elsewhere. */
export const reportStyle = `
:root { color-scheme: light dark; --ink: #1c2330; --soft: #5d6778; --line: #e1e5ec; --paper: #ffffff;
  --page: #f5f6f9; --c1: #7a8499; --c2: #2f6fde; --c3: #d9601a; --c4: #1f9a6b; --bad: #c23b3b; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ef; --soft: #99a3b5; --line: #2c3442;
  --paper: #171c25; --page: #0f131a; --c1: #8f9ab0; --c2: #6ba1ff; --c3: #ff9457; --c4: #4cc999; --bad: #ff7d7d; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink);
  font: 15px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif; }
main { max-width: 1040px; margin: 0 auto; padding: 40px 24px 72px; }
h1 { font-size: 28px; line-height: 1.2; margin: 0 0 6px; letter-spacing: -0.01em; }
h2 { font-size: 19px; margin: 0 0 14px; }
h3 { font-size: 15px; margin: 22px 0 8px; }
p { margin: 0 0 10px; } .below { margin: 14px 0 0; } .soft { color: var(--soft); }
section { background: var(--paper); border: 1px solid var(--line); border-radius: 10px;
  padding: 22px 24px; margin-top: 20px; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th { text-align: left; font-weight: 600; color: var(--soft); font-size: 13px; }
th, td { padding: 7px 14px 7px 0; border-bottom: 1px solid var(--line); vertical-align: top; }
tr:last-child td { border-bottom: 0; } .number { text-align: right; white-space: nowrap; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(380px, 1fr)); gap: 18px 26px; }
figure { margin: 0; } figcaption { font-size: 13px; font-weight: 600; display: flex;
  justify-content: space-between; gap: 12px; }
.legend { font-weight: 400; color: var(--soft); display: flex; gap: 12px; }
.swatch { display: inline-block; width: 10px; height: 10px; border-radius: 2px; margin-right: 5px; }
svg { display: block; width: 100%; height: auto; } .bars { margin: 4px 0 20px; }
.grid { stroke: var(--line); } .tick, .label, .value { fill: var(--soft); font-size: 11px; }
.label, .value { font-size: 14px; fill: var(--ink); } .value { font-weight: 600; }
.track { fill: var(--line); opacity: 0.55; } .whisker { stroke: var(--ink); stroke-width: 1.6; fill: none; }
.line { fill: none; stroke-width: 1.8; stroke-linejoin: round; }
.line.c1 { stroke: var(--c1); } .line.c2 { stroke: var(--c2); } .line.c3 { stroke: var(--c3); } .line.c4 { stroke: var(--c4); }
.bar.c1, .dot.c1 { fill: var(--c1); } .bar.c2, .dot.c2 { fill: var(--c2); }
.bar.c3, .dot.c3 { fill: var(--c3); } .bar.c4, .dot.c4 { fill: var(--c4); }
.swatch.c1 { background: var(--c1); } .swatch.c2 { background: var(--c2); }
.swatch.c3 { background: var(--c3); } .swatch.c4 { background: var(--c4); }
pre { margin: 6px 0 12px; padding: 12px 14px; background: var(--page); border: 1px solid var(--line);
  border-radius: 7px; overflow-x: auto; font: 12.5px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
details { border-bottom: 1px solid var(--line); } details:last-of-type { border-bottom: 0; }
summary { cursor: pointer; padding: 9px 0; } summary code { font-weight: 600; }
.status { color: var(--bad); } code { font: 13px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
`
