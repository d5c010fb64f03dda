/** An instance type as far as launches, quotas and cost care. */
export type InstanceType = {
  readonly name: string;
  readonly vcpus: number;
  readonly memoryGib: number;
  readonly architecture: 'x86_64' | 'arm64';
  readonly onDemandUsdPerHour: number;
  readonly spotUsdPerHour: number;
};

export type Market = 'spot' | 'on-demand';

/**
 * Prices of the model, us-east-1, Linux, written November 2026 from list prices then remembered, not fetched: on-demand
 * of the `large` size (larger sizes are exact multiples, as AWS prices them) and spot as a share of it. Figures of a
 * local run use them; nothing deployed does.
 */
const FAMILIES: readonly [
  family: string,
  memoryGibPerVcpu: number,
  architecture: InstanceType['architecture'],
  largeUsdPerHour: number,
  spotShare: number,
][] = [
  ['m7i', 4, 'x86_64', 0.1008, 0.42],
  ['m7a', 4, 'x86_64', 0.11592, 0.38],
  ['c7i', 2, 'x86_64', 0.08925, 0.43],
  ['c7a', 2, 'x86_64', 0.10264, 0.39],
  ['r7i', 8, 'x86_64', 0.1323, 0.36],
  ['m7g', 4, 'arm64', 0.0816, 0.41],
  ['c7g', 2, 'arm64', 0.0725, 0.42],
  ['r7g', 8, 'arm64', 0.1071, 0.37],
  ['t3', 4, 'x86_64', 0.0832, 0.37],
  ['t4g', 4, 'arm64', 0.0672, 0.38],
];

/** vCPUs per size; all families of the table share them. */
const SIZES: readonly [size: string, vcpus: number][] = [
  ['large', 2],
  ['xlarge', 4],
  ['2xlarge', 8],
  ['4xlarge', 16],
];

/** The burstable families end here. */
const LARGEST: Readonly<Record<string, string>> = { t3: '2xlarge', t4g: '2xlarge' };

/** Every type the model can launch unless told others. */
export const CATALOGUE: readonly InstanceType[] = FAMILIES.flatMap(
  ([family, memoryGibPerVcpu, architecture, largeUsdPerHour, spotShare]) =>
    sizesOf(family).map(([size, vcpus]) => {
      const onDemandUsdPerHour = rounded((largeUsdPerHour * vcpus) / 2);
      return {
        name: `${family}.${size}`,
        vcpus,
        memoryGib: vcpus * memoryGibPerVcpu,
        architecture,
        onDemandUsdPerHour,
        spotUsdPerHour: rounded(onDemandUsdPerHour * spotShare),
      };
    }),
);

export const usdPerHour = (type: InstanceType, market: Market): number =>
  market === 'spot' ? type.spotUsdPerHour : type.onDemandUsdPerHour;

/** Six decimals: finer than any price AWS prints. */
function rounded(usd: number): number {
  return Math.round(usd * 1e6) / 1e6;
}

function sizesOf(family: string): readonly (readonly [string, number])[] {
  const last = SIZES.findIndex(([size]) => size === LARGEST[family]);
  return last === -1 ? SIZES : SIZES.slice(0, last + 1);
}
