import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MayflyConfig } from '../../lib/config/compile.ts';
import { createEc2Model, type Ec2Model } from '../ec2/model.ts';
import type { Knobs } from '../ec2/options.ts';
import { seededDraw } from '../github/draw.ts';
import { createRegionCertificate, type RegionKey } from '../identity/sign.ts';
import type { AssetOverlay } from '../stack/code.ts';
import { hex, LOCAL_ACCOUNT } from '../stack/identity.ts';

/** The simulated region has a real region's name, so that zones and certificates are looked up as in AWS. */
export const LOCAL_REGION = 'us-east-1';

/** A region of the simulated AWS: its EC2, the public image parameters, and the key that signs identity documents. */
export interface Region {
  readonly model: Ec2Model;
  readonly key: RegionKey;
  /** Image parameters of the configuration, as the vendors publish them. */
  readonly ssmParameters: Readonly<Record<string, string>>;
  /**
   * Gives the claim function this region's certificate in place of AWS's: the one file of an asset that a local run
   * replaces. There is no switch in the function that could make it trust another key.
   */
  readonly overlay: AssetOverlay;
}

export interface RegionOptions {
  readonly seed: string;
  /** What is unkind about this EC2; mild unless told. */
  readonly knobs?: Partial<Knobs> | undefined;
}

export async function createRegion(config: MayflyConfig, { seed, knobs }: RegionOptions): Promise<Region> {
  const key = await createRegionCertificate(LOCAL_REGION);
  const images = config.pools.map((plan) => {
    const arch = config.settings.pools.find(({ name }) => name === plan.name)?.arch ?? 'x64';
    const parameter = 'ssm' in plan.image ? plan.image.ssm : undefined;
    const imageId = 'ami' in plan.image ? plan.image.ami : `ami-0${hex(plan.image.ssm, 16)}`;
    return { parameter, imageId, architecture: arch === 'arm64' ? ('arm64' as const) : ('x86_64' as const) };
  });
  const model = createEc2Model({
    draw: seededDraw(seed),
    accountId: LOCAL_ACCOUNT,
    region: LOCAL_REGION,
    ...(knobs && { knobs }),
    subnets: [],
    images: [
      ...new Map(images.map(({ imageId, architecture }) => [imageId, { imageId, architecture }])).values(),
    ],
  });
  return {
    model,
    key,
    ssmParameters: Object.fromEntries(
      images.flatMap(({ parameter, imageId }) => (parameter === undefined ? [] : [[parameter, imageId]])),
    ),
    overlay: (_, directory) => {
      const file = join(directory, 'certificates.json');
      if (existsSync(file)) writeFileSync(file, JSON.stringify({ [LOCAL_REGION]: key.certificate }));
    },
  };
}
