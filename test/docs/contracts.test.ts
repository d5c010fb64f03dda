/**
 * Goal: docs/contracts.md cannot fall behind lambdas/contracts. Method: its three lists must be exactly the code's,
 * and each of its examples must be taken by the type it names.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type * as z from 'zod/mini';
import * as claim from '../../lambdas/contracts/claim.ts';
import { factsDocument } from '../../lambdas/contracts/facts.ts';
import * as guard from '../../lambdas/contracts/guard.ts';
import { instanceEvent } from '../../lambdas/contracts/instance-event.ts';
import { jobEvent } from '../../lambdas/contracts/job-event.ts';
import { frozenRequest, ledgerItem } from '../../lambdas/contracts/ledger.ts';
import { METRIC } from '../../lambdas/contracts/metrics.ts';
import { places } from '../../lambdas/contracts/places.ts';
import { ALARMING, REASONS } from '../../lambdas/contracts/reasons.ts';
import * as report from '../../lambdas/contracts/report.ts';
import { parkedMessage, runFile } from '../../lambdas/contracts/run-folder.ts';
import * as settings from '../../lambdas/contracts/settings.ts';
import { IMAGE_TAG, TAG } from '../../lambdas/contracts/tags.ts';
import { usageRecord } from '../../lambdas/contracts/usage.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/contracts.md'), 'utf8');

const FORMS: Readonly<Record<string, z.ZodMiniType>> = {
  userData: claim.userData,
  claimRequest: claim.claimRequest,
  claimGranted: claim.claimGranted,
  guardRequest: guard.guardRequest,
  guardAnswer: guard.guardAnswer,
  reportRequest: report.reportRequest,
  reportAnswer: report.reportAnswer,
  jobEvent,
  instanceEvent,
  frozenRequest,
  factsDocument,
  usageRecord,
  settings: settings.settings,
  githubApp: settings.githubApp,
  webhookSecrets: settings.webhookSecrets,
  deployedPools: settings.deployedPools,
  subnets: settings.subnets,
  runFile,
  parkedMessage,
  places,
};

const examples = [...page.matchAll(/^```json (\w+)\n(.*?)\n```$/gms)].map(
  ([, form = '', text = '']) => [form, text] as const,
);

/** Rows of the first table under a heading, without its head. */
function rowsUnder(heading: string): readonly string[] {
  const section = page.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  const [table = ''] = /(?:^\|.*\n)+/m.exec(section) ?? [];
  return table.trim().split('\n').slice(2);
}

describe('docs/contracts.md', () => {
  it('lists every reason with its sentence and whether it raises an alarm, and no other', () => {
    const rows = Object.entries(REASONS).map(
      ([code, sentence]) =>
        `| \`${code}\` | ${sentence} | ${ALARMING.some((one) => one === code) ? 'yes' : ''} |`,
    );
    expect(rowsUnder('Reason codes')).toEqual(rows);
  });

  it('lists every metric with what it counts, and no other', () => {
    const rows = Object.entries(METRIC).map(([name, meaning]) => `| \`${name}\` | ${meaning} |`);
    expect(rowsUnder('Metrics')).toEqual(rows);
  });

  it('lists every tag, and no other', () => {
    const listed = rowsUnder('Tags and names').map((row) => /^\| `([^`]+)` \|/.exec(row)?.[1]);
    expect(listed).toEqual([...Object.values(TAG), IMAGE_TAG]);
  });

  it('names every kind of ledger item', () => {
    const kinds = ledgerItem.def.options.flatMap(({ shape }) => [...shape.kind.def.values]);
    expect(kinds.length).toBeGreaterThan(0);
    expect(kinds.filter((kind) => !page.includes(`\n| ${kind} | \`${kind}#`))).toEqual([]);
  });

  it('shows an example of every message and document', () => {
    expect(new Set(examples.map(([form]) => form))).toEqual(new Set(Object.keys(FORMS)));
  });

  it.each(examples)('shows a %s that its type takes', (form, text) => {
    const read = FORMS[form]?.safeParse(JSON.parse(text));
    expect(read?.error?.issues ?? []).toEqual([]);
    expect(read?.success).toBe(true);
  });
});
