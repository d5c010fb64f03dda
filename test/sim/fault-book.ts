import { type Draw, fractionOf, hashText, mix } from './draws.ts';

/** One fault that struck. `id` is stable: it names what was struck, not when in the run. */
export interface Fired {
  readonly id: string;
  readonly kind: string;
  /** Function and port call, event or API that it struck: the column of the fault matrix. */
  readonly site: string;
  readonly at: number;
}

/** What decides which faults strike, and remembers them. */
export interface FaultBook {
  /** Whether a fault of the kind strikes one visit, told by three numbers and, should it strike, a readable name. */
  strikes(kind: string, site: string, visit: Visit): boolean;
  /** The odds of a kind in this run; 0 once the faults have stopped. */
  odds(kind: string): number;
  /** A model's draw, under which the kinds named by a key's beginning are faults of this book. */
  over(draw: Draw, kinds: readonly ModelFault[]): Draw;
  /** Notes something harmful that was decided elsewhere, as by a user. */
  note(kind: string, site: string, name: string): void;
  readonly fired: readonly Fired[];
  /** From now on nothing strikes. */
  stop(): void;
}

/** One visit of a site. `key` stands for who visits, `call` counts within that. */
export interface Visit {
  readonly key: number;
  readonly call: number;
  readonly name: string;
}

/** A fault inside a model: the beginning of its draw's key. `site` finds the column in the rest of the key. */
export interface ModelFault {
  readonly prefix: string;
  readonly kind: string;
  readonly site: (rest: string) => string;
}

export interface BookOptions {
  readonly seed: number;
  readonly odds: Readonly<Record<string, number>>;
  /** A share of sites is hot: there a kind strikes far more often. Windows need bias (simulation.md §6). */
  readonly hotShare: number;
  /** Cells, as `kind@site`, that are hot in any case. */
  readonly aims?: readonly string[] | undefined;
  /** Where given, these and no others strike. */
  readonly only?: ReadonlySet<string> | undefined;
  readonly now: () => number;
}

/** How much more often a fault strikes at a hot site, and the most it may. */
const HOT_TIMES = 12;
const HOT_ODDS_MAX = 0.35;
/** What a draw shows where a fault is denied: no share in use reaches it. */
const NEVER = 1 - 2 ** -32;

export function createFaultBook(options: BookOptions): FaultBook {
  const { only, now } = options;
  const fired: Fired[] = [];
  const seen = new Map<string, boolean>();
  let isOver = false;
  const allow = (kind: string, site: string, name: string): boolean => {
    const id = `${kind}@${site}#${name}`;
    const known = seen.get(id);
    if (known !== undefined) return known;
    const isAllowed = only === undefined || only.has(id);
    seen.set(id, isAllowed);
    if (isAllowed) fired.push({ id, kind, site, at: now() });
    return isAllowed;
  };
  const siteOdds = createSiteOdds(options);
  return {
    fired,
    odds: (kind) => (isOver ? 0 : (options.odds[kind] ?? 0)),
    strikes: (kind, site, { key, call, name }) => {
      if (isOver || (options.odds[kind] ?? 0) === 0) return false;
      const { odds, hash } = siteOdds(kind, site);
      if (fractionOf(mix(mix(hash, key), call)) >= odds) return false;
      return allow(kind, site, `${name}.${call}`);
    },
    over: (draw, kinds) => (key) => {
      const value = draw(key);
      const fault = kinds.find(({ prefix }) => key.startsWith(prefix));
      if (fault === undefined || value >= (options.odds[fault.kind] ?? 0)) return value;
      const rest = key.slice(fault.prefix.length);
      return !isOver && allow(fault.kind, fault.site(rest), rest) ? value : NEVER;
    },
    note: (kind, site, name) => void fired.push({ id: `${kind}@${site}#${name}`, kind, site, at: now() }),
    stop: () => {
      isOver = true;
    },
  };
}

/** Odds and a number of its own for each kind at each site, made once per run. */
function createSiteOdds({ seed, odds, hotShare, aims = [] }: BookOptions) {
  const known = new Map<string, Map<string, { readonly odds: number; readonly hash: number }>>();
  return (kind: string, site: string) => {
    const ofKind = known.get(kind) ?? new Map<string, { readonly odds: number; readonly hash: number }>();
    known.set(kind, ofKind);
    const found = ofKind.get(site);
    if (found !== undefined) return found;
    const hash = mix(seed, hashText(`${kind}@${site}`));
    const base = odds[kind] ?? 0;
    const isHot = fractionOf(mix(hash, 1)) < hotShare || aims.includes(`${kind}@${site}`);
    const made = { odds: isHot ? Math.min(HOT_ODDS_MAX, base * HOT_TIMES) : base, hash };
    ofKind.set(site, made);
    return made;
  };
}
