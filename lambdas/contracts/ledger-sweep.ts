import * as z from 'zod/mini';
import { repositoryRef } from './job-event.ts';
import { head } from './ledger-head.ts';
import { epochMs, foreignText, githubId } from './text.ts';

/** Lines of the sweep's budget of calls to GitHub (DESIGN §4). */
export const SWEEP_LINES = ['runners', 'deliveries', 'rechecks', 'looks', 'surveys'] as const;
export type SweepLine = (typeof SWEEP_LINES)[number];

/** `sweep#lease`: one sweep at a time, what it may ask of GitHub, and how far it came in its rounds. */
export const sweepItem = z.object({
  ...head,
  kind: z.literal('sweep'),
  name: z.string(),
  fence: z.nullable(z.string()),
  leaseUntil: z.nullable(epochMs),
  /** Calls left, by line, as of `at`. */
  lines: z.optional(z.record(z.string(), z.object({ tokens: z.number(), at: epochMs }))),
  /** Rounds: the next place in each list that is walked in turn. */
  rounds: z.optional(z.record(z.string(), z.int())),
});
export type SweepItem = z.infer<typeof sweepItem>;

/** How far one walk over the webhook deliveries came: all down to `upTo` is known once `next` is null again. */
const deliveryWalk = z.object({
  upTo: z.nullable(z.string()),
  top: z.nullable(z.string()),
  next: z.nullable(z.string()),
  pages: z.int().check(z.nonnegative()),
});
export type DeliveryWalk = z.infer<typeof deliveryWalk>;

/** `hook#deliveries`: failed webhook deliveries that are being sent again. */
export const hookItem = z.object({
  ...head,
  kind: z.literal('hook'),
  name: z.string(),
  failed: deliveryWalk,
  all: deliveryWalk,
  /** GUIDs that are settled: their failures still stand in GitHub's list for three days. The newest 500. */
  settled: z.array(z.string().check(z.maxLength(100))),
  open: z.array(
    z.object({
      guid: z.string().check(z.maxLength(100)),
      deliveryId: z.string().check(z.maxLength(30)),
      action: z.nullable(foreignText(40)),
      at: epochMs,
      tries: z.int().check(z.nonnegative()),
      due: epochMs,
    }),
  ),
});
export type HookItem = z.infer<typeof hookItem>;

/** `survey#installations` and `survey#<installation id>`: where jobs may be queued that nobody announced. */
export const surveyItem = z.object({
  ...head,
  kind: z.literal('survey'),
  name: z.string(),
  listedAt: epochMs,
  installations: z.array(z.object({ installationId: githubId, login: foreignText(100) })),
  /** Most recently pushed first. */
  repositories: z.array(z.object({ repository: repositoryRef, pushedAt: epochMs })),
});
export type SurveyItem = z.infer<typeof surveyItem>;
