import type { SubnetSeed } from './options.ts';

/** AWS keeps the first four addresses of a subnet and the last one. */
const FIRST_OFFSET = 4;
const KEPT = 5;

export type Subnet = {
  readonly subnetId: string;
  readonly zone: string;
  readonly vpcId: string;
  readonly cidrBlock: string;
  readonly tags: ReadonlyMap<string, string>;
  freeIps(): number;
  /** An address that is free now; returned ones come back first, as a small subnet's do. */
  takeIp(): string;
  returnIp(ip: string): void;
};

const CIDR = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/;

/** Throws on a CIDR block that is none: a mistake of whoever sets up the model. */
export function createSubnet(seed: SubnetSeed): Subnet {
  const match = CIDR.exec(seed.cidrBlock);
  const prefix = Number(match?.[5]);
  if (match === null || prefix < 16 || prefix > 28) {
    throw new Error(`subnet ${seed.subnetId}: want a CIDR block from /16 to /28, got ${seed.cidrBlock}`);
  }
  const base = match.slice(1, 5).reduce((sum, octet) => sum * 256 + Number(octet), 0);
  const room = Math.min(seed.freeIps ?? Number.POSITIVE_INFINITY, 2 ** (32 - prefix) - KEPT);
  const returned: string[] = [];
  let taken = 0;
  return {
    subnetId: seed.subnetId,
    zone: seed.zone,
    vpcId: seed.vpcId ?? 'vpc-0000000000000001',
    cidrBlock: seed.cidrBlock,
    tags: new Map(Object.entries(seed.tags ?? {})),
    freeIps: () => room - taken + returned.length,
    takeIp: () => returned.pop() ?? addressOf(base + FIRST_OFFSET + taken++),
    returnIp: (ip) => void returned.push(ip),
  };
}

const addressOf = (value: number): string => [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.');
