/** An EC2 API error as the service words it. */
export type Ec2Error = { readonly code: string; readonly message: string; readonly status: number };

/** What an EC2 call comes to. A refused call changed nothing but the token buckets. */
export type Ec2Answer<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: Ec2Error };

export const answered = <T>(value: T): Ec2Answer<T> => ({ ok: true, value });
export const refused = (error: Ec2Error): Ec2Answer<never> => ({ ok: false, error });

/** Codes that do not answer with 400. */
const STATUSES: Readonly<Record<string, number>> = {
  AuthFailure: 401,
  UnauthorizedOperation: 403,
  DryRunOperation: 412,
  InsufficientInstanceCapacity: 500,
  InternalError: 500,
  RequestLimitExceeded: 503,
  Unavailable: 503,
};

/** An error with the HTTP status that its code has at EC2. */
export const ec2Error = (code: string, message: string): Ec2Error => ({
  code,
  message,
  status: STATUSES[code] ?? 400,
});

export const throttled = (): Ec2Error => ec2Error('RequestLimitExceeded', 'Request limit exceeded.');

export const dryRun = (): Ec2Error =>
  ec2Error('DryRunOperation', 'Request would have succeeded, but DryRun flag is set.');

export const missing = (parameter: string): Ec2Error =>
  ec2Error('MissingParameter', `The request must contain the parameter ${parameter}`);

export const invalid = (message: string): Ec2Error => ec2Error('InvalidParameterValue', message);
