#include "tools/autoheal/report/heal_page.hpp"

namespace autoheal::cli {

std::string_view style_of_page() {
  return R"(
:root{color-scheme:light dark;--paper:#fbfaf8;--card:#fff;--ink:#1f2430;--quiet:#5c6472;--line:#e3e0da;--soft:#f3f1ec;
--good:#1a6b45;--good-soft:#dcefe4;--bad:#a3262e;--bad-soft:#f8e0e0;--work:#2f5d9b;--work-soft:#dfe9f6;
--back:#8a5a00;--back-soft:#f8ebcf}
@media (prefers-color-scheme:dark){:root{--paper:#14161b;--card:#1b1e25;--ink:#e6e8ec;--quiet:#a2a9b6;--line:#30343e;
--soft:#22262e;--good:#7fd0a3;--good-soft:#1d3a2b;--bad:#f0979b;--bad-soft:#45232a;--work:#94bdf2;--work-soft:#22354f;
--back:#e8bf6a;--back-soft:#43361a}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,
"Noto Sans",sans-serif}
main{max-width:64rem;margin:0 auto;padding:3rem 1.5rem 5rem}
.eyebrow{margin:0;color:var(--quiet);font-size:.85rem;letter-spacing:.06em}
h1{margin:.25rem 0 .75rem;font-size:2.1rem;line-height:1.2;font-weight:650;overflow-wrap:anywhere}
h2{margin:3rem 0 .75rem;font-size:1.25rem;font-weight:650}
h3{margin:1.75rem 0 .5rem;font-size:1rem;font-weight:650}
p{margin:.5rem 0;max-width:46rem}
.badge{display:inline-block;padding:.25rem .8rem;border-radius:2rem;font-weight:600;border:1px solid currentColor}
.good{color:var(--good)}.bad{color:var(--bad)}.work{color:var(--work)}.quiet{color:var(--quiet)}
.badge.good{background:var(--good-soft)}.badge.bad{background:var(--bad-soft)}.badge.work{background:var(--work-soft)}
.card{background:var(--card);border:1px solid var(--line);border-radius:.6rem;padding:1.1rem 1.3rem;margin:1rem 0}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.35rem 1.5rem;margin:0}
dt{color:var(--quiet)}dd{margin:0;overflow-wrap:anywhere}
table{width:100%;border-collapse:collapse;font-size:.93rem}
th,td{text-align:left;vertical-align:top;padding:.5rem .9rem .5rem 0;border-bottom:1px solid var(--line)}
thead th{color:var(--quiet);font-weight:600;font-size:.85rem}
tr:last-child td,tr:last-child th{border-bottom:0}
tbody th{font-weight:600}
td{overflow-wrap:anywhere}
.num{font-variant-numeric:tabular-nums;white-space:nowrap;text-align:right;padding-right:1.3rem}
tr.lane th{padding-top:1.1rem;color:var(--quiet);font-size:.85rem}
ul{margin:.2rem 0 0;padding:0;list-style:none}
li{color:var(--quiet);font-size:.88rem;overflow-wrap:anywhere}
td>ul.plain li{color:var(--ink);font-size:.93rem}
code,pre{font:.86rem/1.5 ui-monospace,"SF Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace}
code{overflow-wrap:anywhere}
pre{margin:.6rem 0;padding:.8rem 1rem;background:var(--soft);border-radius:.45rem;white-space:pre-wrap;
overflow-wrap:anywhere}
.diff{padding:.6rem 0}.diff span{display:block;padding:0 1rem}
.add{background:var(--good-soft);color:var(--good)}.del{background:var(--bad-soft);color:var(--bad)}
.chart{padding:1rem 1.3rem .6rem;overflow-x:auto}
svg{display:block;width:100%;min-width:34rem;height:auto;font:12px system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
svg text{fill:var(--quiet)}svg .name{fill:var(--ink);font-weight:600}
svg .rail{stroke:var(--line)}svg .tick{stroke:var(--line);stroke-dasharray:2 4}
.s-work{fill:var(--work-soft);stroke:var(--work)}.s-good{fill:var(--good-soft);stroke:var(--good)}
.s-back{fill:var(--back-soft);stroke:var(--back)}
.m{fill:var(--card);stroke:var(--work);stroke-width:2}.m-good{fill:var(--good);stroke:var(--card);stroke-width:1.5}
.m-bad{stroke:var(--bad);stroke-width:3;fill:none;stroke-linecap:round}
.legend{display:flex;flex-wrap:wrap;gap:.3rem 1.4rem;margin:.6rem 0 .2rem;color:var(--quiet);font-size:.85rem}
footer{margin-top:3.5rem;color:var(--quiet);font-size:.85rem}
@media (max-width:40rem){main{padding:1.5rem 1rem 3rem}dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:.6rem}}
@media print{:root{color-scheme:light;--paper:#fff;--card:#fff;--ink:#000;--quiet:#444;--line:#bbb;--soft:#f4f4f4;
--good:#0d5231;--good-soft:#e6f2eb;--bad:#851a21;--bad-soft:#f8e6e6;--work:#21487d;--work-soft:#e6edf7;--back:#6b4600;
--back-soft:#f7efdd}body{font-size:10.5pt}main{max-width:none;padding:0}.card{break-inside:avoid}tr{break-inside:avoid}
h2,h3{break-after:avoid}svg{min-width:0}}
)";
}

}  // namespace autoheal::cli
