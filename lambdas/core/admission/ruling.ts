import type { AdmissionRules, RuleName } from '../../contracts/admission.ts';
import type { FactName, FactsDocument } from '../../contracts/facts.ts';
import type { Reason } from '../../contracts/reasons.ts';

/** What one rule says of one job. `says` tells a person what was wanted and what was got. */
export type Ruling =
  | { readonly verdict: 'allow'; readonly says: string }
  | { readonly verdict: 'deny' | 'hold'; readonly reason: Reason; readonly says: string };

export interface Rule<N extends RuleName> {
  readonly needs: readonly FactName[];
  readonly judge: (wanted: NonNullable<AdmissionRules[N]>, facts: FactsDocument) => Ruling;
}

export const allow = (says: string): Ruling => ({ verdict: 'allow', says: bounded(says) });
export const deny = (reason: Reason, says: string): Ruling => ({
  verdict: 'deny',
  reason,
  says: bounded(says),
});
export const hold = (reason: Reason, says: string): Ruling => ({
  verdict: 'hold',
  reason,
  says: bounded(says),
});

const SAYS_CHARS_MAX = 300;
const bounded = (text: string): string => text.replace(/\p{Cc}/gu, ' ').slice(0, SAYS_CHARS_MAX);

/** Absent at GitHub denies; unreachable holds. Neither ever allows (DESIGN §2, rule 6). */
export function missing(name: FactName, value: null | undefined): Ruling {
  return value === null
    ? deny('fact-absent', `GitHub has no ${WORDS[name]}`)
    : hold('fact-unreachable', `${WORDS[name]} could not be fetched`);
}

const WORDS: Readonly<Record<FactName, string>> = {
  environment: 'environment of the job',
  run: 'such run',
  ref: 'such branch or tag',
  permissions: 'permission of the actors',
  workflow: 'workflow file at the commit of the run',
  defaultBlob: 'workflow file of that path on the default branch',
  lockedActions: 'lock file of actions',
  protection: 'protection of the environment',
  codeowners: 'code owner of the workflows',
  checks: 'checks of the head commit',
};

export const listed = (words: readonly string[]): string =>
  words.length <= 3 ? words.join(', ') : `${words.slice(0, 3).join(', ')} and ${words.length - 3} more`;
