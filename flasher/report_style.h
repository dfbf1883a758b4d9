/* SPDX-License-Identifier: ISC */
/* The style sheet of the HTML report: no font, picture or rule from elsewhere; light and dark, wide and narrow, paper. */
#ifndef FLASHER_REPORT_STYLE_H
#define FLASHER_REPORT_STYLE_H

static const char *const report_style[] = {
	":root{color-scheme:light dark;--bg:#f5f6f8;--card:#fff;--ink:#1b1f24;--soft:#5b6470;--line:#d9dde3;"
	"--good:#1a7f4b;--already:#2f7f6a;--bad:#c62f2f;--rejected:#a5286d;--unknown:#8a5a00;--card-s:#6f42c1;"
	"--skipped:#6a7380;--going:#1f6fd1;--soak:#0f7d9c;--waiting:#dde1e7;--waiting-ink:#434b56;--on:#fff}\n",
	"@media(prefers-color-scheme:dark){:root{--bg:#12151a;--card:#1b2027;--ink:#e7eaee;--soft:#9aa4b1;--line:#303742;"
	"--good:#1f8a53;--already:#33796a;--bad:#d04545;--rejected:#b83f83;--unknown:#9b6a0c;--card-s:#7d55cc;"
	"--skipped:#626b77;--going:#2f7ad6;--soak:#157f9c;--waiting:#2c333d;--waiting-ink:#b5bdc8}}\n",
	"*{box-sizing:border-box}body{margin:0;background:var(--bg);color:var(--ink);"
	"font:15px/1.45 system-ui,-apple-system,\"Segoe UI\",Roboto,\"Liberation Sans\",sans-serif}\n"
	"main{max-width:1280px;margin:0 auto;padding:20px 16px 48px}h1{font-size:1.5rem;margin:0}"
	"h2{font-size:1.1rem;margin:28px 0 10px}h3{font-size:.95rem;margin:0 0 6px}h3 small{font-weight:400;color:var(--soft)}\n"
	"header{display:flex;flex-wrap:wrap;gap:6px 14px;align-items:center}.sub{color:var(--soft);margin:6px 0 16px;"
	"overflow-wrap:anywhere}.badge{padding:3px 12px;border-radius:99px;font-weight:600;color:var(--on);background:var(--going)}"
	".badge.done{background:var(--good)}.badge.halted,.badge.interrupted,.badge.stopped{background:var(--bad)}\n",
	".why{border-left:5px solid var(--bad);background:var(--card);padding:10px 14px;margin:0 0 16px;border-radius:4px;"
	"overflow-wrap:anywhere}.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(106px,1fr));gap:10px}"
	".tile{background:var(--card);border:1px solid var(--line);border-top:4px solid var(--c,var(--line));border-radius:8px;"
	"padding:10px 14px}.tile b{display:block;white-space:nowrap;font-size:1.35rem;line-height:1.2;font-variant-numeric:tabular-nums}"
	".tile span{color:var(--soft);font-size:.85rem}\n",
	".bar{display:flex;height:14px;border-radius:7px;overflow:hidden;background:var(--waiting)}.bar i{display:block;"
	"min-width:2px}.bar.big{height:22px;border-radius:8px;margin:14px 0 8px}.legend{display:flex;flex-wrap:wrap;gap:4px 10px;"
	"margin:0;padding:0;list-style:none}.legend li,.word{display:inline-block;padding:1px 8px;border-radius:4px;"
	"font-size:.82rem;font-weight:600;white-space:nowrap}\n",
	".panel{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:12px 14px;overflow-x:auto}"
	"table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:5px 10px 5px 0;border-bottom:1px solid var(--line);"
	"vertical-align:top}tr:last-child td{border-bottom:0}th{color:var(--soft);font-weight:600;font-size:.85rem}"
	"td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}td.bars{min-width:180px;vertical-align:middle;padding-right:0}"
	"td.msg{overflow-wrap:anywhere;min-width:200px}.mono{font-family:ui-monospace,\"Liberation Mono\",monospace;font-size:.86em;white-space:nowrap}\n",
	".racks{display:grid;grid-template-columns:repeat(auto-fill,minmax(250px,1fr));gap:12px}.rack{background:var(--card);"
	"border:1px solid var(--line);border-radius:8px;padding:10px}.cells{display:grid;"
	"grid-template-columns:repeat(auto-fill,minmax(92px,1fr));gap:3px}.cells span{font-size:.68rem;line-height:16px;padding:2px 0;"
	"text-align:center;border-radius:3px;overflow:hidden;font-weight:600}.cells b{display:block;font-weight:400;white-space:nowrap}\n",
	".s-success{background:var(--good);color:var(--on)}.s-already{background:var(--already);color:var(--on)}"
	".s-skipped{background:var(--skipped);color:var(--on)}.s-rejected{background:var(--rejected);color:var(--on)}"
	".s-failed{background:var(--bad);color:var(--on)}.s-unknown,.s-asking{background:var(--unknown);color:var(--on)}"
	".s-needs-card{background:var(--card-s);color:var(--on)}.s-waiting{background:var(--waiting);color:var(--waiting-ink)}"
	".s-probed,.s-eligible,.s-uploading,.s-accepted,.s-rebooting{background:var(--going);color:var(--on)}"
	".s-up,.s-version,.s-healthy,.s-soaked{background:var(--soak);color:var(--on)}\n",
	"svg{display:block;width:100%;height:auto}svg text{fill:var(--soft);font-size:11px}.axis{stroke:var(--line)}"
	".l-good{fill:none;stroke:var(--good);stroke-width:2.5}.l-bad{fill:none;stroke:var(--bad);stroke-width:2.5;stroke-dasharray:6 3}"
	".mark{stroke:var(--soft);stroke-dasharray:2 3}.mark.halt{stroke:var(--bad);stroke-dasharray:none;stroke-width:2}"
	"footer{color:var(--soft);font-size:.8rem;margin-top:28px;overflow-wrap:anywhere}\n",
	"@media(max-width:560px){main{padding:12px 10px 32px}.racks{grid-template-columns:1fr}.hide{display:none}"
	"td.bars{min-width:56px}th,td{padding-right:7px;font-size:.85rem}.panel{padding:10px}.tile b{font-size:1.35rem}}\n",
	"@media print{:root{color-scheme:light;--bg:#fff;--card:#fff;--ink:#000;--soft:#333;--line:#bbb}body{font-size:11px}"
	"*{-webkit-print-color-adjust:exact;print-color-adjust:exact}main{max-width:none;padding:0}.rack,.tile,tr{break-inside:avoid}"
	"h2{break-after:avoid}.panel{overflow:visible}}\n",
};

#endif
