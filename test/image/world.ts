import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { bundleInstance } from '../../local/instance/bundle.ts';
import { CLAIM_HOST, GITHUB_HOST, type Level, OTHER_HOST, type OutsideScript } from './outside-words.ts';
import { bash, run } from './shell.ts';

const CACHE = process.env['XDG_CACHE_HOME'] ?? '/var/cache';
/** Outlives a run: the bare Debian root. Everything works without it, half a minute slower. */
export const CACHE_FOLDER = join(CACHE, 'mayfly-test-image');

/** What every root of a test run is provisioned from. */
export type Kit = {
  readonly folder: string;
  readonly agent: string;
  /** A tarball in the layout of the runner's releases, with the stand-in for Runner.Listener in it. */
  readonly tarball: string;
  readonly lock: string;
  readonly key: string;
  readonly cert: string;
};

export async function makeKit(): Promise<Kit> {
  const folder = await mkdtemp(join(tmpdir(), 'mayfly-image-'));
  const bundles = await bundleInstance(folder);
  const tarball = join(folder, 'runner.tar.gz');
  await makeTarball(join(folder, 'runner'), bundles.listener, tarball);
  const sum = (await bash('sha256sum "$1" | cut -d " " -f 1', tarball)).trim();
  const lock = join(folder, 'runner.lock');
  await writeFile(lock, `version=2.336.0\nsha256_x64=${sum}\nsha256_arm64=${sum}\n`);
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const names = [CLAIM_HOST, GITHUB_HOST, OTHER_HOST].map((name) => `DNS:${name}`).join(',');
  await bash(
    `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=outside \
       -addext "subjectAltName=$3" -keyout "$1" -out "$2" 2>/dev/null`,
    key,
    cert,
    names,
  );
  await bash('bash test/image/root.sh base "$1"', CACHE_FOLDER);
  return { folder, agent: bundles.agent, tarball, lock, key, cert };
}

/** As the release lays it out: bin/Runner.Listener, externals/node*. Its Node is the one that runs these tests. */
async function makeTarball(folder: string, listener: string, tarball: string): Promise<void> {
  const node = join(folder, 'externals/node24/bin');
  await mkdir(node, { recursive: true });
  await mkdir(join(folder, 'bin'), { recursive: true });
  await copyFile(process.execPath, join(node, 'node'));
  await copyFile(listener, join(folder, 'bin/listener.mjs'));
  const program = join(folder, 'bin/Runner.Listener');
  await writeFile(program, "#!/usr/lib/mayfly/node\nimport('/opt/runner/bin/listener.mjs');\n");
  await chmod(program, 0o755);
  await bash('tar --create --use-compress-program "gzip -1" --file "$2" --directory "$1" .', folder, tarball);
  await rm(folder, { recursive: true });
}

/** A bare root with the kit in it, not yet provisioned. */
export async function bareRoot(kit: Kit, name: string): Promise<string> {
  const root = join(kit.folder, name);
  await bash('bash test/image/root.sh copy "$1" "$2"', CACHE_FOLDER, root);
  await bash('mkdir "$1/opt/kit" && cp "$2" "$3" "$4" "$1/opt/kit/"', root, kit.agent, kit.tarball, kit.lock);
  return root;
}

/** Runs the real provisioning in a root. */
export const provision = (root: string, ...args: readonly string[]) =>
  run('bash', ['test/image/root.sh', 'provision', root, ...args]);

export const kitArgs = [
  '--agent',
  '/opt/kit/agent.mjs',
  '--tarball',
  '/opt/kit/runner.tar.gz',
  '--lock',
  '/opt/kit/runner.lock',
];

export type Heard = {
  readonly act: string;
  readonly metadata?: boolean;
  readonly body?: Record<string, unknown>;
};

/** A booted root and what lies outside of it. */
export class BootedMachine {
  readonly ended: Promise<void>;
  private readonly parts: {
    name: string;
    console: string;
    heardFile: string;
    children: readonly ChildProcess[];
  };

  constructor(parts: BootedMachine['parts'], machine: ChildProcess) {
    this.parts = parts;
    this.ended = new Promise((resolve) => machine.once('exit', () => resolve()));
  }

  heard(): Heard[] {
    const text = existsSync(this.parts.heardFile) ? readFileSync(this.parts.heardFile, 'utf8') : '';
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line));
  }

  console(): Promise<string> {
    return readFile(this.parts.console, 'utf8');
  }

  /** Resolves once a request like this was heard; rejects with the console after `timeoutMs`. */
  async hears(act: RegExp, timeoutMs = 60_000): Promise<Heard> {
    for (let waited = 0; waited < timeoutMs; waited += 100) {
      const found = this.heard().find((heard) => act.test(heard.act));
      if (found !== undefined) return found;
      await delay(100);
    }
    throw new Error(`not heard: ${act}\n${await this.console()}`);
  }

  /** Runs a bash script inside the machine, as its root, beside what runs there. */
  async inside(script: string): Promise<{ code: number; out: string; err: string }> {
    const pid = (
      await bash(
        'ip netns pids "$1-in" | xargs ps -o pid=,args= -p | sed -n "s#^ *\\([0-9]*\\) /lib/systemd/systemd .*#\\1#p" | head -n 1',
        this.parts.name,
      )
    ).trim();
    if (pid === '') throw new Error(`no machine is up\n${await this.console()}`);
    return run('nsenter', ['-t', pid, '-m', '-p', '-n', '-u', '-i', '-C', 'bash', '-c', script], {
      timeoutMs: 30_000,
    });
  }

  async remove(): Promise<void> {
    await bash('bash test/image/namespaces.sh down "$1"', this.parts.name);
    for (const child of this.parts.children) child.kill('SIGKILL');
    await this.ended;
  }
}

export type BootOptions = {
  readonly kit: Kit;
  readonly root: string;
  readonly level: Level;
  readonly steps: OutsideScript['steps'];
  readonly graceMs?: number;
};

let machines = 0;

/** Boots a provisioned root on a network with metadata, a claim endpoint, and GitHub's side of the runner. */
export async function bootMachine({
  kit,
  root,
  level,
  steps,
  graceMs = 3_000,
}: BootOptions): Promise<BootedMachine> {
  machines += 1;
  const name = `mayfly-${process.pid}-${machines}`;
  const at = (file: string) => join(kit.folder, `${name}-${file}`);
  // The machine trusts the outside of this test, in addition; nothing else of the image is changed.
  await bash(
    `cp "$2" "$1/etc/ssl/outside.pem"
     for unit in mayfly-agent mayfly-runner; do
       mkdir -p "$1/etc/systemd/system/$unit.service.d"
       printf '[Service]\\nEnvironment=NODE_EXTRA_CA_CERTS=/etc/ssl/outside.pem\\n' > "$1/etc/systemd/system/$unit.service.d/99-test.conf"
     done
     cat "$2" >> "$1/etc/ssl/certs/ca-certificates.crt"`,
    root,
    kit.cert,
  );
  const script: OutsideScript = {
    level,
    steps,
    graceMs,
    keyFile: kit.key,
    certFile: kit.cert,
    heardFile: at('heard'),
  };
  await writeFile(at('script.json'), JSON.stringify(script));
  await writeFile(at('console'), '');
  await bash('bash test/image/namespaces.sh up "$1"', name);
  const out = (program: string, args: readonly string[]) =>
    spawn('ip', ['netns', 'exec', `${name}-out`, program, ...args], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  const dns = [GITHUB_HOST, CLAIM_HOST].map((host) => `--address=/${host}/203.0.113.10`);
  const resolver = out('dnsmasq', [
    '--keep-in-foreground',
    '--conf-file=/dev/null',
    '--no-resolv',
    '--no-hosts',
    '--bind-interfaces',
    '--listen-address=169.254.169.253',
    '--pid-file',
    `--address=/${OTHER_HOST}/203.0.113.66`,
    ...dns,
  ]);
  const outside = out(process.execPath, [
    '--disable-warning=ExperimentalWarning',
    'test/image/outside.ts',
    at('script.json'),
  ]);
  const machine = spawn('bash', ['test/image/boot.sh', name, root, at('console')], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return new BootedMachine(
    { name, console: at('console'), heardFile: at('heard'), children: [resolver, outside, machine] },
    machine,
  );
}
