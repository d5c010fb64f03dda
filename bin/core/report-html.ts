import { escapeHtml, lines, rows, type Series, stackedBars } from './report-charts.ts';
import { dayOf, numberIn, type Row, type Table, wasteIn } from './report-format.ts';

export interface HtmlReport {
  readonly totals: Row;
  readonly daily: readonly Row[];
  readonly waits: readonly Row[];
  readonly pools: readonly Row[];
  readonly groups: Table;
  readonly key: string;
  readonly problems: readonly string[];
}

/** Repositories that have a colour of their own; the others share one. */
const REPOSITORIES_MAX = 5;

const STYLE = `
:root{color-scheme:light;font:15px/1.5 system-ui,-apple-system,"Segoe UI",sans-serif;color:#1d2733;background:#f4f6f8}
*{box-sizing:border-box}body{margin:0 auto;max-width:1080px;padding:24px 16px 48px}
h1{font-size:26px;margin:0 0 2px}h2{font-size:17px;margin:0 0 12px}p{margin:0 0 8px}.sub{color:#56616e;margin-bottom:20px}section .sub{font-size:13px;margin:8px 0 0}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:12px;margin-bottom:16px}
.card,section{background:#fff;border:1px solid #dde3e9;border-radius:8px;padding:16px}
.card b{display:block;font-size:22px;font-variant-numeric:tabular-nums}.card span{color:#56616e;font-size:13px}
.grid2{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,460px),1fr));gap:16px;margin-bottom:16px}
svg{display:block;width:100%;height:auto}svg text{font-size:14.5px;fill:#3c4956}.grid{stroke:#e3e8ed}
.legend{display:flex;flex-wrap:wrap;gap:4px 16px;list-style:none;margin:8px 0 0;padding:0;font-size:13px}
.legend i{display:inline-block;width:11px;height:11px;border-radius:2px;margin-right:6px}
.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:14px}
th,td{padding:6px 10px;text-align:right;border-bottom:1px solid #e3e8ed;font-variant-numeric:tabular-nums;white-space:nowrap}
th:first-child,td:first-child{text-align:left;white-space:normal;overflow-wrap:anywhere;min-width:120px}
th{color:#56616e;font-weight:600}.warn{border-left:4px solid #c4501b}li{margin-bottom:4px}
@media print{:root{background:#fff;font-size:12px}body{padding:0}section,.card{break-inside:avoid}}
`;

const usd = (microUsd: number): string => {
  const value = microUsd / 1_000_000;
  return value === 0 ? '$0' : `$${value.toFixed(value >= 100 ? 0 : value >= 0.1 ? 2 : 4)}`;
};
const share = (part: number, whole: number): string =>
  whole === 0 ? '0 %' : `${((100 * part) / whole).toFixed(1)} %`;
const seconds = (ms: number): string => `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)} s`;
const section = (title: string, inner: string, className = ''): string =>
  `<section class="${className}"><h2>${escapeHtml(title)}</h2>${inner}</section>`;

/** One file without script, font or address of its own: readable on a phone, on paper and offline. Every name is escaped. */
export function reportHtml(report: HtmlReport): string {
  const { totals, problems } = report;
  const days = [...new Set(report.daily.map((row) => numberIn(row, 'day')))].toSorted((a, b) => a - b);
  const first = days[0];
  const last = days.at(-1);
  const span =
    first === undefined || last === undefined ? 'no runner ended' : `${dayOf(first)} to ${dayOf(last)}, UTC`;
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"><title>Mayfly: what runners cost</title><style>${STYLE}</style></head><body>
<h1>What runners cost</h1><p class="sub">${escapeHtml(span)}. ${numberIn(totals, 'jobs')} jobs on ${numberIn(totals, 'runners')} single-use runners.</p>
${cards(totals)}
<div class="grid2">${section('Spending per day, by repository', dailyChart(report.daily, days))}
${section('From queued to started', waitChart(report.waits))}
${section('What the money served', useChart(totals))}
${section('Spot, on-demand and GitHub-hosted', marketChart(totals))}</div>
<div class="grid2">${section('Spot interruptions', interruptions(totals))}
${section('Hints', hints(report.pools, totals))}</div>
${section(`By ${report.key}`, `<div class="scroll">${tableHtml(report.groups)}</div>`)}
<div style="height:16px"></div>${section('How exact this is', exactness(totals, problems), problems.length > 0 ? 'warn' : '')}
</body></html>
`;
}

function cards(totals: Row): string {
  const total = numberIn(totals, 'total');
  const hosted = numberIn(totals, 'github_hosted');
  const here = numberIn(totals, 'comparable');
  const perJob = numberIn(totals, 'jobs') === 0 ? 0 : total / numberIn(totals, 'jobs');
  const all = [
    [usd(total), 'in all'],
    [usd(perJob), 'per job, waste included'],
    [share(numberIn(totals, 'job'), total), 'of it served jobs'],
    [share(wasteIn(totals), total), 'of it was waste'],
    [hosted === 0 ? '-' : share(hosted - here, hosted), 'below GitHub-hosted, same jobs'],
  ];
  return `<div class="cards">${all.map(([value = '', label = '']) => `<div class="card"><b>${escapeHtml(value)}</b><span>${label}</span></div>`).join('')}</div>`;
}

function dailyChart(daily: readonly Row[], days: readonly number[]): string {
  const nameOf = (row: Row): string => (row['repository'] == null ? '(no job)' : String(row['repository']));
  const byName = new Map<string, number>();
  for (const row of daily) byName.set(nameOf(row), (byName.get(nameOf(row)) ?? 0) + numberIn(row, 'total'));
  const names = [...byName].toSorted((a, b) => b[1] - a[1]).map(([name]) => name);
  const shown = new Set(names.slice(0, REPOSITORIES_MAX));
  const sums = new Map<string, number>();
  for (const row of daily) {
    const key = JSON.stringify([shown.has(nameOf(row)) ? nameOf(row) : null, numberIn(row, 'day')]);
    sums.set(key, (sums.get(key) ?? 0) + numberIn(row, 'total'));
  }
  const seriesOf = (name: string | null): Series => ({
    name: name ?? `${names.length - shown.size} others`,
    values: days.map((day) => sums.get(JSON.stringify([name, day])) ?? 0),
  });
  const series = [...shown].map(seriesOf);
  const all = names.length > shown.size ? [...series, seriesOf(null)] : series;
  return stackedBars('Spending per day by repository', days.map(shortDay), all, usd);
}

const shortDay = (at: number): string => dayOf(at).slice(5);

function waitChart(waits: readonly Row[]): string {
  const series = ['p50', 'p95'].map((name) => ({
    name: name === 'p50' ? 'half of the jobs within' : '95 % of the jobs within',
    values: waits.map((row) => (row[name] == null ? null : numberIn(row, name))),
  }));
  return lines(
    'Queued to started',
    waits.map((row) => shortDay(numberIn(row, 'day'))),
    series,
    seconds,
  );
}

const useChart = (totals: Row): string =>
  rows(
    'Use and waste',
    [
      ['jobs', 'job'],
      ['boot', 'waste_boot'],
      ['idle', 'waste_idle'],
      ['minimum charge (1 min)', 'waste_minimum_charge'],
      ['failed boots', 'waste_failed_boot'],
      ['never used', 'waste_never_used'],
      ['interrupted', 'waste_interrupted'],
      ['control plane', 'control_plane'],
    ].map(([name = '', column = '']) => ({ name, value: numberIn(totals, column) })),
    (value) => `${usd(value)} (${share(value, numberIn(totals, 'total'))})`,
  );

function marketChart(totals: Row): string {
  const values = [
    { name: 'compute, as it was bought', value: numberIn(totals, 'compute_comparable') },
    { name: 'the same, all on demand', value: numberIn(totals, 'on_demand') },
    { name: 'jobs, everything included', value: numberIn(totals, 'comparable') },
    { name: 'jobs on GitHub-hosted', value: numberIn(totals, 'github_hosted') },
  ];
  return `${rows('Markets compared', values, usd)}<p class="sub">GitHub-hosted: list price of January 2026 for as many processors, each job rounded up to the minute.</p>`;
}

function interruptions(totals: Row): string {
  const spot = numberIn(totals, 'spot_runners');
  const hit = numberIn(totals, 'interrupted_runners');
  return `<p><b>${hit}</b> of ${spot} spot runners were interrupted (${share(hit, spot)}); jobs that were lost with them cost ${usd(numberIn(totals, 'waste_interrupted'))}.</p>`;
}

/** A pool whose waste of one kind is above this share of its cost is worth a person's look. */
const HINT_SHARE = 0.25;

function hints(pools: readonly Row[], totals: Row): string {
  const advice: readonly (readonly [string, string])[] = [
    ['waste_boot', 'boot: a smaller image, or longer jobs per runner, would help'],
    ['waste_idle', 'idle time: lower idleMaxMinutes, or look why jobs start late'],
    ['waste_minimum_charge', 'the minimum charge: jobs shorter than a minute are cheaper together'],
    ['waste_never_used', 'runners that no job took: cancelled jobs or another runner group'],
    ['waste_failed_boot', 'boots that failed: look at the image (mayfly status)'],
  ];
  const found = pools.flatMap((row) =>
    advice
      .filter(([column]) => numberIn(row, column) > HINT_SHARE * numberIn(row, 'total'))
      .map(
        ([column, text]) =>
          `${row['value']}: ${share(numberIn(row, column), numberIn(row, 'total'))} goes into ${text}.`,
      ),
  );
  const spot = numberIn(totals, 'spot_runners');
  const all =
    spot === 0 && numberIn(totals, 'runners') > 0
      ? [...found, 'No runner was on spot: market spot-then-on-demand buys the same for less.']
      : found;
  return all.length === 0
    ? '<p>No pool wastes more than a quarter of its cost on any one thing.</p>'
    : `<ul>${all.map((text) => `<li>${escapeHtml(text)}</li>`).join('')}</ul>`;
}

const tableHtml = ({ columns, rows: body }: Table): string =>
  `<table><thead><tr>${columns.map((name) => `<th>${escapeHtml(name)}</th>`).join('')}</tr></thead><tbody>${body
    .map((row) => `<tr>${row.map((cell) => `<td>${escapeHtml(cell)}</td>`).join('')}</tr>`)
    .join('')}</tbody></table>`;

function exactness(totals: Row, problems: readonly string[]): string {
  const unpriced = numberIn(totals, 'unpriced');
  const lines = [
    `${usd(numberIn(totals, 'estimated'))} of compute is at prices that are not exact; ${numberIn(totals, 'static_priced')} runners are priced by the dated table.`,
    `The control plane's share (${usd(numberIn(totals, 'control_plane'))}) is always an estimate.`,
    ...(unpriced > 0 ? [`No price is known for ${unpriced} runners: their compute counts as 0.`] : []),
    ...problems.map((problem) => `Not counted: ${problem}`),
  ];
  return `<ul>${lines.map((line) => `<li>${escapeHtml(line)}</li>`).join('')}</ul>`;
}
