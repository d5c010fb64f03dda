/** A token bucket: it holds `capacity` tokens at most and gains `refillPerSecond`. */
export type BucketLimit = { readonly capacity: number; readonly refillPerSecond: number };

/** The buckets of one account and Region. Each API has its own; names not listed fall in the class of their verb. */
export type ApiLimits = {
  readonly requests: Readonly<Record<string, BucketLimit>>;
  /** Describe, List and Get APIs without an entry. */
  readonly reading: BucketLimit;
  /** Describe calls that ask for everything: neither ids, filters nor a page size. */
  readonly readingAll: BucketLimit;
  /** Every other API without an entry; CreateFleet is one. */
  readonly mutating: BucketLimit;
  /** Tokens per instance. Fleet launches draw on RunInstances (aws-parallelcluster-node#734). */
  readonly resources: { readonly RunInstances: BucketLimit; readonly TerminateInstances: BucketLimit };
};

/** The default quotas of the EC2 developer guide, "Request throttling", as of November 2026. */
export const DOCUMENTED_LIMITS: ApiLimits = {
  requests: {
    TerminateInstances: { capacity: 100, refillPerSecond: 5 },
    CreateTags: { capacity: 100, refillPerSecond: 10 },
    CreateLaunchTemplateVersion: { capacity: 100, refillPerSecond: 5 },
    ModifyInstanceMetadataOptions: { capacity: 100, refillPerSecond: 5 },
  },
  reading: { capacity: 100, refillPerSecond: 20 },
  readingAll: { capacity: 50, refillPerSecond: 10 },
  mutating: { capacity: 50, refillPerSecond: 5 },
  resources: {
    RunInstances: { capacity: 1000, refillPerSecond: 2 },
    TerminateInstances: { capacity: 1000, refillPerSecond: 20 },
  },
};

export type Bucket = {
  /** Whole tokens there at `now` (epoch ms). */
  left(now: number): number;
  /** Takes all of `count`, or none. */
  take(count: number, now: number): boolean;
};

export type Buckets = {
  request(action: string, asksForAll: boolean): Bucket;
  resource(name: keyof ApiLimits['resources']): Bucket;
};

const READING = /^(Describe|List|Get)/;

export function createBuckets(limits: ApiLimits): Buckets {
  const requests = new Map<string, Bucket>();
  const resources = {
    RunInstances: createBucket(limits.resources.RunInstances),
    TerminateInstances: createBucket(limits.resources.TerminateInstances),
  };
  const limitOf = (action: string, asksForAll: boolean): BucketLimit => {
    if (asksForAll) return limits.readingAll;
    return limits.requests[action] ?? (READING.test(action) ? limits.reading : limits.mutating);
  };
  return {
    request: (action, asksForAll) => {
      const key = asksForAll ? `${action}/all` : action;
      const known = requests.get(key);
      if (known !== undefined) return known;
      const bucket = createBucket(limitOf(action, asksForAll));
      requests.set(key, bucket);
      return bucket;
    },
    resource: (name) => resources[name],
  };
}

/** Counts in thousandths of a token, which are whole numbers at whole milliseconds: no drift over long runs. */
function createBucket({ capacity, refillPerSecond }: BucketLimit): Bucket {
  const full = capacity * 1000;
  let thousandths = full;
  let countedAt = Number.NEGATIVE_INFINITY;
  const refill = (now: number) => {
    if (now <= countedAt) return;
    thousandths = Math.min(full, thousandths + (now - countedAt) * refillPerSecond);
    countedAt = now;
  };
  return {
    left: (now) => {
      refill(now);
      return Math.floor(thousandths / 1000);
    },
    take: (count, now) => {
      refill(now);
      if (thousandths < count * 1000) return false;
      thousandths -= count * 1000;
      return true;
    },
  };
}
