import type { AdmissionRules } from '../../contracts/admission.ts';
import { matchesAny } from './patterns.ts';
import { allow, deny, hold, listed, missing, type Rule } from './ruling.ts';

/** Rules over what must be true around the run: environments, reviews, checks, times. */

export const environments: Rule<'environments'> = {
  needs: ['environment', 'protection'],
  judge: ({ names, reviewersMin, branchPolicy }, { environment, protection }) => {
    if (environment === undefined || environment === null)
      return environment === null
        ? deny('admission-environment', `want a job of the environment ${listed(names)}, got none`)
        : missing('environment', environment);
    if (!matchesAny(names, environment))
      return deny('admission-environment', `want the environment ${listed(names)}, got ${environment}`);
    if (reviewersMin === 0 && !branchPolicy) return allow(`the environment is ${environment}`);
    // An environment that a workflow invented has no rules.
    if (protection === undefined || protection === null) return missing('protection', protection);
    if (protection.reviewers < reviewersMin)
      return deny(
        'admission-environment',
        `want ${reviewersMin} reviewers for ${environment}, got ${protection.reviewers}`,
      );
    if (branchPolicy && !protection.hasBranchPolicy)
      return deny('admission-environment', `want ${environment} restricted to branches, got no restriction`);
    return allow(`${environment} is guarded as wanted`);
  },
};

export const codeowners: Rule<'codeowners'> = {
  needs: ['codeowners'],
  judge: (_, { codeowners: found }) => {
    if (found === undefined || found === null) return missing('codeowners', found);
    if (!/^@[^/\s]+\/[^/\s]+$/.test(found.owner))
      return deny(
        'admission-codeowners',
        `want a team that owns .github/workflows, got ${found.owner || 'nobody'}`,
      );
    return found.isReviewRequired
      ? allow(`${found.owner} owns the workflows, and its review is required`)
      : deny('admission-codeowners', `${found.owner} owns the workflows, but its review is not required`);
  },
};

export const checks: Rule<'checks'> = {
  needs: ['run', 'checks'],
  judge: (wanted, { checks: found }) => {
    if (found === undefined || found === null) return missing('checks', found);
    for (const { name, appId } of wanted) {
      // Any App may report a check of any name: only the named App's counts.
      const check = found.find((one) => one.name === name && one.appId === appId);
      if (check === undefined)
        return deny('admission-checks', `want the check ${name} of App ${appId}, got none`);
      if (check.conclusion === null)
        return hold('admission-checks-pending', `the check ${name} is still running`);
      if (check.conclusion !== 'success')
        return deny('admission-checks', `want the check ${name} green, got ${check.conclusion}`);
    }
    return allow(`${wanted.length} checks are green`);
  },
};

export const window: Rule<'window'> = {
  needs: [],
  judge: (wanted, { at }) => {
    const { day, minute } = localTime(at, wanted.timeZone);
    const isOpen = isWithin(wanted, day, minute);
    const now = `${day} ${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;
    return isOpen
      ? allow(`${now} in ${wanted.timeZone} is within the window`)
      : hold('admission-window', `${now} in ${wanted.timeZone} is outside the window`);
  },
};

const WEEK = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
type Day = (typeof WEEK)[number];

/** A window that ends before it begins lasts over midnight and belongs to the day it began. */
function isWithin(
  { days, from, to }: NonNullable<AdmissionRules['window']>,
  day: Day,
  minute: number,
): boolean {
  const isOn = (one: Day): boolean => days.includes(one);
  if (from < to) return isOn(day) && minute >= from && minute < to;
  const before = WEEK[(WEEK.indexOf(day) + 6) % 7] ?? day;
  return (isOn(day) && minute >= from) || (isOn(before) && minute < to);
}

function localTime(at: number, timeZone: string): { readonly day: Day; readonly minute: number } {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, value]));
  const name = parts.get('weekday')?.toLowerCase();
  const day = WEEK.find((one) => one === name) ?? 'mon';
  return { day, minute: Number(parts.get('hour')) * 60 + Number(parts.get('minute')) };
}
