import { simulate } from './simulate.ts';

const from = Number(process.argv[2] ?? 1),
  n = Number(process.argv[3] ?? 5);
const t0 = performance.now();
let ev = 0;
let sims = 0;
const rules: Record<string, string[]> = {};
const reached: Record<string, number> = {};
for (let seed = from; seed < from + n; seed++) {
  const v = await simulate({ seed });
  ev += v.events;
  sims += v.simulatedMs;
  for (const [k, c] of Object.entries(v.reached)) reached[k] = (reached[k] ?? 0) + c;
  for (const x of v.violations.slice(0, 1)) rules[x.rule] = [...(rules[x.rule] ?? []), `${seed} ${x.what}`];
  if (n <= 5)
    console.log(
      seed,
      v.events,
      v.crossings,
      v.jobs,
      v.runners,
      v.trace,
      v.fired.length,
      v.violations.slice(0, 4),
    );
}
const s = (performance.now() - t0) / 1000;
for (const [r, list] of Object.entries(rules)) console.log(r, list.length, list.slice(0, 6));
const cpu = process.cpuUsage();
const cs = (cpu.user + cpu.system) / 1e6;
console.log({ cs, epcs: Math.round(ev / cs) });
console.log({ s, eps: Math.round(ev / s), perRun: ev / n, hoursPerS: sims / 3.6e6 / s });
if (n > 5) console.log(reached);
