/** Charts as SVG by hand: no script, no font, no address; colours that print and that colour-blind people tell apart. */

export const COLOURS = ['#0b6e99', '#e07b39', '#4c9f70', '#8d5a97', '#c9a227', '#6b7785'] as const;

export const escapeHtml = (text: string): string =>
  text.replace(/[\p{Cc}]/gu, '?').replace(/[&<>"'`=]/g, (sign) => `&#${sign.charCodeAt(0)};`);

export interface Series {
  readonly name: string;
  /** One value per label; null: none that day. */
  readonly values: readonly (number | null)[];
}

const WIDTH = 600;
const HEIGHT = 240;
const LEFT = 72;
const BOTTOM = 28;
const TOP = 12;

const colour = (n: number): string => COLOURS[n % COLOURS.length] ?? '#000';
const plotHeight = HEIGHT - BOTTOM - TOP;

/** The next round number above a value: 1, 2 or 5 times a power of ten. */
function roundUp(value: number): number {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 5, 10].find((step) => step * power >= value) ?? 10) * power;
}

function axes(labels: readonly string[], max: number, unit: (value: number) => string): string {
  const lines = [0, 0.25, 0.5, 0.75, 1].map((share) => {
    const y = TOP + plotHeight * (1 - share);
    return `<line x1="${LEFT}" x2="${WIDTH}" y1="${y}" y2="${y}" class="grid"/><text x="${LEFT - 8}" y="${y + 4}" text-anchor="end">${escapeHtml(unit(max * share))}</text>`;
  });
  const every = Math.max(1, Math.ceil(labels.length / 8));
  const step = (WIDTH - LEFT) / Math.max(1, labels.length);
  const names = labels.map((label, n) =>
    n % every === 0
      ? `<text x="${LEFT + step * (n + 0.5)}" y="${HEIGHT - 8}" text-anchor="middle">${escapeHtml(label)}</text>`
      : '',
  );
  return lines.join('') + names.join('');
}

const svg = (title: string, inner: string, height = HEIGHT): string =>
  `<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escapeHtml(title)}"><title>${escapeHtml(title)}</title>${inner}</svg>`;

const legend = (series: readonly Series[]): string =>
  `<ul class="legend">${series.map(({ name }, n) => `<li><i style="background:${colour(n)}"></i>${escapeHtml(name)}</li>`).join('')}</ul>`;

/** Bars that stand on each other, one per label. */
export function stackedBars(
  title: string,
  labels: readonly string[],
  series: readonly Series[],
  unit: (value: number) => string,
): string {
  const totals = labels.map((_, day) => series.reduce((all, { values }) => all + (values[day] ?? 0), 0));
  const max = roundUp(Math.max(0, ...totals));
  const step = (WIDTH - LEFT) / Math.max(1, labels.length);
  const width = Math.min(48, step * 0.72);
  const bars = labels.flatMap((label, day) => {
    let below = 0;
    return series.map(({ name, values }, n) => {
      const value = values[day] ?? 0;
      const height = (value / max) * plotHeight;
      below += height;
      const x = LEFT + step * (day + 0.5) - width / 2;
      return value === 0
        ? ''
        : `<rect x="${x.toFixed(1)}" y="${(TOP + plotHeight - below).toFixed(1)}" width="${width.toFixed(1)}" height="${height.toFixed(2)}" fill="${colour(n)}"><title>${escapeHtml(`${label} ${name}: ${unit(value)}`)}</title></rect>`;
    });
  });
  return svg(title, axes(labels, max, unit) + bars.join('')) + legend(series);
}

/** A line with dots per series; days without a value leave a gap. */
export function lines(
  title: string,
  labels: readonly string[],
  series: readonly Series[],
  unit: (value: number) => string,
): string {
  const max = roundUp(Math.max(0, ...series.flatMap(({ values }) => values.map((value) => value ?? 0))));
  const step = (WIDTH - LEFT) / Math.max(1, labels.length);
  const drawn = series.map(({ name, values }, n) => {
    const points = values.flatMap((value, day) =>
      value === null
        ? []
        : [
            {
              x: LEFT + step * (day + 0.5),
              y: TOP + plotHeight * (1 - value / max),
              value,
              label: labels[day] ?? '',
            },
          ],
    );
    const path = points.map(({ x, y }) => `${x.toFixed(1)},${y.toFixed(1)}`).join(' ');
    const dots = points.map(
      ({ x, y, value, label }) =>
        `<circle cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="3.5" fill="${colour(n)}"><title>${escapeHtml(`${label} ${name}: ${unit(value)}`)}</title></circle>`,
    );
    return `<polyline points="${path}" fill="none" stroke="${colour(n)}" stroke-width="2.5"/>${dots.join('')}`;
  });
  return svg(title, axes(labels, max, unit) + drawn.join('')) + legend(series);
}

const ROW = 34;

/** One bar per line, its value beside it. */
export function rows(
  title: string,
  values: readonly { readonly name: string; readonly value: number }[],
  unit: (value: number) => string,
): string {
  const max = Math.max(1, ...values.map(({ value }) => value));
  const drawn = values.map(({ name, value }, n) => {
    const y = n * ROW;
    const width = (value / max) * (WIDTH - 345);
    return `<text x="0" y="${y + 21}">${escapeHtml(name)}</text><rect x="205" y="${y + 6}" width="${width.toFixed(1)}" height="22" rx="2" fill="${colour(n)}"/><text x="${(213 + width).toFixed(1)}" y="${y + 21}">${escapeHtml(unit(value))}</text>`;
  });
  return svg(title, drawn.join(''), values.length * ROW + 4);
}
