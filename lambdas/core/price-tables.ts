import { microUsd } from './money.ts';

/** Prices as printed on a day: what is used where nothing fresher is known. US dollars, us-east-1, Linux. */
export const STATIC_TABLE_AT = Date.UTC(2026, 10, 1);

/** On demand, per hour, of the `large` size (2 vCPU); larger sizes are exact multiples, as AWS prices them. */
const LARGE_USD_PER_HOUR: Readonly<Record<string, number>> = {
  ...{ m5: 0.096, m5a: 0.086, m6a: 0.0864, m6g: 0.077, m6gd: 0.0904, m6i: 0.096, m7a: 0.11592 },
  ...{ m7g: 0.0816, m7gd: 0.1068, m7i: 0.1008, 'm7i-flex': 0.09576, m8g: 0.08976 },
  ...{
    c5: 0.085,
    c6a: 0.0765,
    c6g: 0.068,
    c6i: 0.085,
    c7a: 0.10264,
    c7g: 0.0725,
    c7i: 0.08925,
    c8g: 0.07976,
  },
  ...{ r6g: 0.1008, r6i: 0.126, r7a: 0.15215, r7g: 0.1071, r7i: 0.1323, r8g: 0.11782 },
  ...{ t3: 0.0832, t3a: 0.0752, t4g: 0.0672 },
};
/** Spot is a share of it: published tables show 38 to 48 %. Always marked as estimated. */
const SPOT_SHARE = 0.42;

const SIZE = /^([a-z0-9-]+)\.(?:(\d*)xlarge|(large|medium))$/;

/** Family and processors of a type by AWS's naming; undefined for metal and other odd sizes. */
export function sizeOf(
  instanceType: string,
): { readonly family: string; readonly vcpus: number } | undefined {
  const [, family, times, small] = SIZE.exec(instanceType) ?? [];
  if (family === undefined) return undefined;
  if (small !== undefined) return { family, vcpus: small === 'large' ? 2 : 1 };
  return { family, vcpus: 4 * Number(times === '' ? 1 : times) };
}

/** Micro-dollars per hour; undefined when the table has no such type. */
export function staticPrice(instanceType: string, market: 'spot' | 'on-demand'): number | undefined {
  const size = sizeOf(instanceType);
  const large = size && LARGE_USD_PER_HOUR[size.family];
  if (size === undefined || large === undefined) return undefined;
  return microUsd(large * (size.vcpus / 2) * (market === 'spot' ? SPOT_SHARE : 1));
}

/** What else a runner costs, us-east-1 list prices of the same day (gp3 beyond 3,000 IOPS and 125 MiB/s). */
export const VOLUME_USD = { gibMonth: 0.08, iopsMonth: 0.005, mibpsMonth: 0.04 } as const;
export const VOLUME_FREE = { iops: 3_000, throughputMiBps: 125 } as const;
export const HOURS_PER_MONTH = 730;
export const IPV4_USD_PER_HOUR = 0.005;
/** SQS, Lambda and DynamoDB for one runner: $15 per million jobs, estimated. */
export const CONTROL_PLANE_MICRO_USD = 15;

/** GitHub-hosted runners, US dollars per minute by processors, as of January 2026. */
export const GITHUB_HOSTED_AT = Date.UTC(2026, 0, 1);
const GITHUB_HOSTED: Readonly<Record<'x64' | 'arm64', Readonly<Record<number, number>>>> = {
  x64: { 2: 0.006, 4: 0.012, 8: 0.022, 16: 0.042, 32: 0.082, 64: 0.162, 96: 0.252 },
  arm64: { 2: 0.005, 4: 0.008, 8: 0.014, 16: 0.026, 32: 0.05, 64: 0.098 },
};

/** Graviton families carry a `g` after their generation. */
const isArm = (family: string): boolean => /^[a-z]+\d+g/.test(family);

/** Micro-dollars per minute on the smallest hosted runner with as many processors; undefined: there is none. */
export function githubHostedPerMinute(instanceType: string): number | undefined {
  const size = sizeOf(instanceType);
  if (size === undefined) return undefined;
  const table = GITHUB_HOSTED[isArm(size.family) ? 'arm64' : 'x64'];
  const fitting = Object.entries(table).find(([vcpus]) => Number(vcpus) >= size.vcpus);
  return fitting && microUsd(fitting[1]);
}
