/**
 * `npm run certificates [-- FILE…]`: brings lambdas/claim/certificates.json up to what AWS publishes, from its pages or
 * from saved copies of them. It writes the file and trusts nobody: the change is reviewed like every other.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  CERTIFICATE_PAGES,
  type Certificates,
  certificatesOf,
  fingerprintOf,
  refreshed,
} from '../lib/certificates.ts';

const PINNED = join(import.meta.dirname, '../lambdas/claim/certificates.json');
const PAGE_DEADLINE_MS = 30_000;

async function pageAt(url: string): Promise<string> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(PAGE_DEADLINE_MS) });
  if (!answer.ok) throw new Error(`want 200, got ${answer.status}`);
  return answer.text();
}

async function publishedBy(source: string): Promise<Certificates> {
  try {
    return certificatesOf(
      source.startsWith('https://') ? await pageAt(source) : readFileSync(source, 'utf8'),
    );
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`${source}: ${why}. Nothing was changed.`);
  }
}

async function main(files: readonly string[]): Promise<void> {
  const sources = files.length > 0 ? files : CERTIFICATE_PAGES;
  const pages = await Promise.all(sources.map(publishedBy));
  const pinned: Certificates = JSON.parse(readFileSync(PINNED, 'utf8'));
  const { certificates, added, replaced, unseen } = refreshed(pinned, Object.assign({}, ...pages));
  for (const region of [...added, ...replaced]) {
    const verb = added.includes(region) ? 'added' : 'replaced';
    process.stdout.write(`${verb} ${region}  SHA-256 ${fingerprintOf(certificates[region] ?? '')}\n`);
  }
  for (const region of unseen) process.stdout.write(`kept ${region}, which is on no page that was read\n`);
  if (added.length + replaced.length === 0) {
    process.stdout.write(`${Object.keys(certificates).length} certificates, all as pinned.\n`);
    return;
  }
  writeFileSync(PINNED, `${JSON.stringify(certificates, null, 1)}\n`);
  process.stdout.write('Compare the fingerprints with a second source, then run "npm test" and commit.\n');
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
