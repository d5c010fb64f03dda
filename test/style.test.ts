import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, it } from '@jest/globals';

/** The style as a test: each rule bans by folder and names what to do instead. */
const RULES: readonly (readonly [where: RegExp, ban: RegExp, say: string])[] = [
  [
    /^lambdas\/core\//,
    /\bawait\b|\basync\b|\bPromise\b/,
    'the core decides; waiting belongs to lambdas/flow',
  ],
  [/^lambdas\/core\//, /\bDate\.now\(|new Date\(|Math\.random|setTimeout\(/, 'time and chance are arguments'],
  [/^lambdas\/core\//, /from '(@aws-sdk|@octokit|@aws-lambda)/, 'no SDK in the core'],
  [/^lambdas\/core\/(?!hash\.ts)/, /from 'node:/, 'the core touches no platform; hash.ts alone may hash'],
  [/^lambdas\/(?!adapters\/)/, /from '(@aws-sdk|@octokit)/, 'SDKs are imported by lambdas/adapters alone'],
  [
    /^lambdas\/(?!adapters\/)/,
    /Date\.now\(|new Date\(\)|setTimeout\(|randomUUID\(|Math\.random/,
    'use Clock and Dice',
  ],
  [/^lambdas\/(?!environment\.ts)/, /process\.env/, 'read the environment once, in environment.ts'],
  [
    /\.ts$/,
    /: any\b|\bas any\b|@ts-ignore|@ts-nocheck|@ts-expect-error|FIXME|TODO/,
    'say the type, or mend it before it lands',
  ],
];

/** Which folder of lambdas/ may import from which: handlers → adapters → ports ← core. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  contracts: ['contracts'],
  core: ['contracts', 'core', 'ports'],
  ports: ['contracts', 'ports'],
  flow: ['contracts', 'core', 'flow', 'ports'],
  adapters: ['adapters', 'contracts', 'core', 'ports'],
};

const ROOT = join(import.meta.dirname, '..');
const FOLDERS = ['bin', 'lib', 'lambdas', 'images', 'local', 'test'];
/** Most files are far shorter; the longest are lists: schemas, tables. */
const LINES_MAX = 300;
const TEST_LINES_MAX = 400;

interface Source {
  readonly path: string;
  readonly text: string;
}

const sources: readonly Source[] = FOLDERS.flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => ({ path: relative(ROOT, path), text: readFileSync(path, 'utf8') })),
);

const withoutComments = (text: string): string =>
  text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '');
const withoutStrings = (text: string): string => text.replace(/'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`/g, "''");
const importsOf = (text: string): string[] =>
  [...text.matchAll(/from '(\.[^']+)'/g)].map((found) => found[1] ?? '');

describe('the source', () => {
  it('keeps to the rules of each folder', () => {
    const broken = sources
      .filter(({ path }) => path !== 'test/style.test.ts')
      .flatMap(({ path, text }) =>
        RULES.filter(([where, ban]) => where.test(path) && ban.test(withoutComments(text))).map(
          ([, ban, say]) => `${path}: ${say} (${ban.exec(withoutComments(text))?.[0]})`,
        ),
      );
    expect(broken).toEqual([]);
  });

  it('parses at the edge: a cast stands in adapters alone', () => {
    const casts = sources
      .filter(
        ({ path }) => path.startsWith('lambdas/') && !/^lambdas\/(adapters\/|environment\.ts)/.test(path),
      )
      .flatMap(({ path, text }) =>
        [...withoutStrings(withoutComments(text)).matchAll(/\bas (?!const\b)[A-Z{(].*/g)].map(
          ([cast]) => `${path}: ${cast}`,
        ),
      );
    expect(casts).toEqual([]);
  });

  it('imports one way: handlers, adapters, ports, core', () => {
    const broken = sources.flatMap(({ path, text }) => {
      const [top, folder = ''] = path.split('/');
      const allowed = top === 'lambdas' ? MAY_IMPORT[folder] : undefined;
      if (allowed === undefined) return [];
      return importsOf(text)
        .map((target) => relative(ROOT, join(ROOT, path, '..', target)).split('/'))
        .filter(([root, to = '']) => root !== 'lambdas' || !allowed.includes(to))
        .map((target) => `${path} imports ${target.join('/')}`);
    });
    expect(broken).toEqual([]);
  });

  it('never lets anything import a handler, nor deployed code import lib, local or test', () => {
    const broken = sources.flatMap(({ path, text }) =>
      importsOf(text)
        .filter((target) => {
          const to = relative(ROOT, join(ROOT, path, '..', target));
          const isHandler = to.endsWith('/handler.ts') && !path.startsWith('test/');
          const isOutward = path.startsWith('lambdas/') && /^(lib|local|test|bin)\//.test(to);
          return isHandler || isOutward;
        })
        .map((target) => `${path} imports ${target}`),
    );
    expect(broken).toEqual([]);
  });

  it('keeps lambdas/ and lib/ apart but for the configuration types and names', () => {
    const broken = sources
      .filter(({ path }) => path.startsWith('lib/'))
      .flatMap(({ path, text }) =>
        importsOf(text)
          .map((target) => relative(ROOT, join(ROOT, path, '..', target)))
          .filter((to) => to.startsWith('lambdas/') && !to.startsWith('lambdas/contracts/'))
          .map((to) => `${path} imports ${to}`),
      );
    expect(broken).toEqual([]);
  });

  it('fits on a few screens', () => {
    const long = sources
      .map(({ path, text }) => ({ path, lines: text.split('\n').length }))
      .filter(({ path, lines }) => lines > (path.startsWith('test/') ? TEST_LINES_MAX : LINES_MAX));
    expect(long).toEqual([]);
  });
});
