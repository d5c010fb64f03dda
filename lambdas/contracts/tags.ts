/** Tags on every instance and volume, set in the launch call itself: none is ever added later, and none holds foreign text. */
export const TAG = {
  /** `mayfly:stack` = stack id: what teardown, sweep and IAM conditions go by. */
  stack: 'mayfly:stack',
  pool: 'mayfly:pool',
  shape: 'mayfly:shape',
  /** `mayfly:ticket` = client token of the launch: an unsure launch is found by it. */
  ticket: 'mayfly:ticket',
} as const;

/** Set by promote alone, on images that verified; dispatch may launch no other (unverified AMIs are allowed by ARN). */
export const IMAGE_TAG = 'mayfly:image-channel';
