import { type ChildProcess, spawn } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { bash, run } from './shell.ts';

const NAME = `mayfly-fw-${process.pid}`;
const RUNNER_UID = 1001;
const METADATA = ['169.254.169.254', 'fd00:ec2::254'];

/** Answers on the metadata service's addresses, on the resolver's, and on two hosts elsewhere. */
const OUTSIDE = `
  const places = [['169.254.169.254', 80], ['fd00:ec2::254', 80], ['169.254.169.253', 53],
    ['203.0.113.10', 443], ['203.0.113.66', 443], ['203.0.113.66', 8080]];
  let open = 0;
  for (const [host, port] of places) {
    require('node:net').createServer((s) => s.end()).listen(port, host, () => ++open === places.length && console.log('ready'));
  }`;

let outside: ChildProcess;
beforeAll(async () => {
  await bash('bash test/image/namespaces.sh up "$1"', NAME);
  // A container behind a bridge, as Docker makes them: a network of its own, forwarded and translated by the host.
  await bash(
    `ip netns add "$1-box"
     ip -n "$1-in" link add docker0 type bridge
     ip -n "$1-in" address add 172.18.0.1/16 dev docker0
     ip -n "$1-in" address add fd18::1/64 dev docker0
     ip -n "$1-in" link set docker0 up
     ip -n "$1-in" link add port0 master docker0 type veth peer name eth0 netns "$1-box"
     ip -n "$1-in" link set port0 up
     ip netns exec "$1-box" sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.eth0.accept_dad=0
     ip -n "$1-box" link set lo up
     ip -n "$1-box" address add 172.18.0.2/16 dev eth0
     ip -n "$1-box" address add fd18::2/64 dev eth0
     ip -n "$1-box" link set eth0 up
     ip -n "$1-box" route add default via 172.18.0.1
     ip -n "$1-box" route add default via fd18::1
     ip netns exec "$1-in" sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1`,
    NAME,
  );
  outside = spawn('ip', ['netns', 'exec', `${NAME}-out`, process.execPath, '-e', OUTSIDE], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise((resolve) => outside.stdout?.once('data', resolve));
});
afterAll(async () => {
  outside.kill('SIGKILL');
  await bash('ip netns delete "$1-box"; bash test/image/namespaces.sh down "$1"', NAME);
});

/** Loads rulesets afresh, as the units do, and the address translation that Docker has beside them. */
async function load(...files: readonly string[]): Promise<void> {
  await bash(
    `ip netns exec "$1-in" nft flush ruleset
     printf 'table inet nat {\\n chain post {\\n type nat hook postrouting priority srcnat\\n oifname eth0 masquerade\\n }\\n}\\n' |
       ip netns exec "$1-in" nft -f -
     for file in "\${@:2}"; do ip netns exec "$1-in" nft -f "$file"; done`,
    NAME,
    ...files,
  );
}

/** Who tries, as the words in front of a command. */
const WHO = {
  /** Root on the machine: the agent, before the lock. */
  agent: ['ip', 'netns', 'exec', `${NAME}-in`],
  runner: ['ip', 'netns', 'exec', `${NAME}-in`, 'setpriv', `--reuid=${RUNNER_UID}`, '--clear-groups'],
  /** Root of a user namespace of the runner's: rootless, with the host's network. */
  'rootless container on the host network': [
    ...['ip', 'netns', 'exec', `${NAME}-in`, 'setpriv', `--reuid=${RUNNER_UID}`, '--clear-groups'],
    ...['unshare', '--user', '--map-root-user', '--mount', '--pid', '--fork'],
  ],
  /** Docker's --network host: real root in other namespaces, but the host's network. */
  'container on the host network': [
    'ip',
    'netns',
    'exec',
    `${NAME}-in`,
    'unshare',
    '--mount',
    '--pid',
    '--ipc',
    '--fork',
  ],
  'bridged container': ['ip', 'netns', 'exec', `${NAME}-box`],
} as const;
type Who = keyof typeof WHO;
const ALL = Object.keys(WHO) as Who[];

async function reaches(who: Who, host: string, port: number): Promise<boolean> {
  const [program = '', ...words] = WHO[who];
  const connect = ['timeout', '2', 'bash', '-c', `exec 3<>/dev/tcp/${host}/${port}`];
  return (await run(program, [...words, ...connect])).code === 0;
}

const FIREWALL = 'images/files/all/etc/mayfly/firewall.nft';
const STRICT = 'images/files/strict/etc/mayfly/firewall.nft';
const LOCK = 'images/files/all/etc/mayfly/lock.nft';

describe('metadata', () => {
  it('is reached by everyone where nothing is loaded, so that what follows proves something', async () => {
    await load();
    for (const who of ALL) {
      for (const host of METADATA)
        expect([who, host, await reaches(who, host, 80)]).toEqual([who, host, true]);
    }
  });

  it.each([FIREWALL, STRICT])(
    'is reached before the lock by the agent, and by no user or bridged container: %s',
    async (file) => {
      await load(file);
      for (const host of METADATA) {
        expect(await reaches('agent', host, 80)).toBe(true);
        for (const who of [
          'runner',
          'rootless container on the host network',
          'bridged container',
        ] as const) {
          expect([who, host, await reaches(who, host, 80)]).toEqual([who, host, false]);
        }
      }
    },
  );

  it.each([FIREWALL, STRICT])(
    'is closed after the lock for everyone, root and host-network containers too: %s',
    async (file) => {
      await load(file, LOCK);
      for (const who of ALL) {
        for (const host of METADATA)
          expect([who, host, await reaches(who, host, 80)]).toEqual([who, host, false]);
      }
    },
  );

  it('is open again for a root that flushes the rules: what stays then is the endpoint that the control plane disables', async () => {
    await load(FIREWALL, LOCK);
    await bash('ip netns exec "$1-in" nft flush ruleset', NAME);
    expect(await reaches('agent', METADATA[0] ?? '', 80)).toBe(true);
  });

  it('is refused at once, so that proving it costs no time', async () => {
    await load(FIREWALL, LOCK);
    const before = performance.now();
    for (const host of METADATA) await reaches('runner', host, 80);
    expect(performance.now() - before).toBeLessThan(1_000);
  });
});

describe('the rulesets', () => {
  it.each([FIREWALL, STRICT])('can be loaded again over themselves: %s', async (file) => {
    await load(file, LOCK, file);
    expect(await reaches('agent', METADATA[0] ?? '', 80)).toBe(true);
  });

  it('leave the resolver and other hosts to jobs and containers, unless the level is strict', async () => {
    await load(FIREWALL, LOCK);
    for (const who of ['runner', 'bridged container'] as const) {
      expect(await reaches(who, '169.254.169.253', 53)).toBe(true);
      expect(await reaches(who, '203.0.113.66', 8080)).toBe(true);
    }
  });

  it('let a job of the strict level out to the listed addresses alone, by 443 alone', async () => {
    await load(STRICT, LOCK);
    await bash(`ip netns exec "$1-in" nft add element inet mayfly egress4 '{ 203.0.113.10 }'`, NAME);
    const tried = [
      ['203.0.113.10', 443],
      ['203.0.113.66', 443],
      ['203.0.113.66', 8080],
      ['169.254.169.253', 53],
    ] as const;
    const reached = [];
    for (const [host, port] of tried) reached.push(await reaches('runner', host, port));
    expect(reached).toEqual([true, false, false, false]);
    expect(await reaches('bridged container', '203.0.113.10', 443)).toBe(false);
  });

  it('fail to lock where the firewall is not loaded', async () => {
    await expect(load(LOCK)).rejects.toThrow('No such file or directory');
  });
});
