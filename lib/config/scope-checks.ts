import type { Problem } from './problem.ts';
import { shown } from './problem.ts';
import type { GithubInput, NetworkInput } from './schema.ts';
import type { TrustPart } from './trust-checks.ts';

/** The contract of the compiled settings allows no more pools (lambdas/contracts/settings.ts). */
const POOLS_MAX = 20;
/** One subnet per zone, and no region has more zones. 20 pools and 6 subnets still fit the 4 KiB of variables. */
const SUBNETS_MAX = 6;

/** A network is either made by Mayfly (cidr, zones) or an existing one (vpcId, subnets). */
export function networkProblems(network: NetworkInput): Problem[] {
  const { vpcId, subnets, egressTcpPorts, egressDomains } = network;
  const problems: Problem[] = [];
  if (!egressTcpPorts.includes(443)) {
    const got = shown(egressTcpPorts);
    problems.push({ path: ['network', 'egressTcpPorts'], wanted: '443 among them', got, todo: 'add 443' });
  }
  if (egressDomains !== undefined && egressTcpPorts.includes(53)) {
    const got = shown(egressTcpPorts);
    const path = ['network', 'egressTcpPorts'];
    const todo = 'remove 53, since a resolver outside answers for every name';
    problems.push({ path, wanted: 'no port 53 beside egressDomains', got, todo });
  }
  if (vpcId === undefined) {
    if (subnets !== undefined) problems.push(misfit('subnets', 'only together with vpcId', subnets));
    return problems;
  }
  for (const key of ['cidr', 'zones', 'egressDomains'] as const) {
    if (network[key] !== undefined) problems.push(misfit(key, 'only without vpcId', network[key]));
  }
  const count = Object.keys(subnets ?? {}).length;
  if (count === 0 || count > SUBNETS_MAX) {
    const wanted = `1 to ${SUBNETS_MAX} subnets of ${vpcId}, by zone`;
    problems.push({
      path: ['network', 'subnets'],
      wanted,
      got: `${count}`,
      todo: 'name one subnet per zone',
    });
  }
  return problems;
}

const misfit = (key: string, wanted: string, value: unknown): Problem => ({
  path: ['network', key],
  wanted: `${key} ${wanted}`,
  got: shown(value),
  todo: 'remove it',
});

/** Rules between the pools and where they are registered. */
export function scopeProblems(
  github: Pick<GithubInput, 'scope'>,
  pools: ReadonlyMap<string, TrustPart>,
): Problem[] {
  if (github.scope !== 'repository') return [];
  return [...pools].flatMap(([name, pool]): Problem[] => {
    if (pool.runnerGroupId === 1) return [];
    const wanted = '1, since runners of a repository have no other group';
    const path = ['pools', name, 'runnerGroupId'];
    return [{ path, wanted, got: `${pool.runnerGroupId}`, todo: 'remove it, or use scope: organization' }];
  });
}

export function poolCountProblems(count: number): Problem[] {
  if (count >= 1 && count <= POOLS_MAX) return [];
  return [
    { path: ['pools'], wanted: `1 to ${POOLS_MAX} pools`, got: `${count}`, todo: 'add or remove pools' },
  ];
}
