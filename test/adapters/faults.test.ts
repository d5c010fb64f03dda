import { describe, expect, it } from '@jest/globals';
import { type Effect, faultOf, faultOfCode, faultOfSocket } from '../../lambdas/adapters/faults.ts';

const ANSWERS: readonly (readonly [code: string, status: number, kind: string])[] = [
  // aws.md §1.4, capacity; and ParallelCluster's additions.
  ['InsufficientInstanceCapacity', 500, 'exhausted'],
  ['MaxSpotInstanceCountExceeded', 400, 'exhausted'],
  ['VcpuLimitExceeded', 400, 'exhausted'],
  ['UnfulfillableCapacity', 400, 'exhausted'],
  ['Unsupported', 400, 'exhausted'],
  ['InsufficientFreeAddressesInSubnet', 400, 'exhausted'],
  ['MaxFleetCountExceeded', 400, 'exhausted'],
  ['ReservationCapacityExceeded', 400, 'exhausted'],
  ['InsufficientHostCapacity', 500, 'exhausted'],
  ['InsufficientReservedInstanceCapacity', 500, 'exhausted'],
  ['SpotMaxPriceTooLow', 400, 'exhausted'],
  // aws.md §1.4, not found.
  ['InvalidInstanceID.NotFound', 400, 'refused'],
  ['InvalidLaunchTemplateName.NotFoundException', 400, 'refused'],
  ['InvalidLaunchTemplateId.NotFound', 400, 'refused'],
  ['InvalidCapacityReservationId.NotFound', 400, 'refused'],
  ['QueueDoesNotExist', 400, 'refused'],
  ['NoSuchEntity', 404, 'refused'],
  ['ParameterNotFound', 400, 'refused'],
  // aws.md §1.4, others by name.
  ['RequestLimitExceeded', 503, 'busy'],
  ['UnauthorizedOperation', 403, 'refused'],
  ['DryRunOperation', 412, 'refused'],
  ['EntityAlreadyExists', 409, 'refused'],
  ['AuthFailure.ServiceLinkedRoleCreationNotPermitted', 403, 'refused'],
  ['InvalidUserData.Malformed', 400, 'refused'],
  ['InvalidParameterValue', 400, 'refused'],
  ['InvalidAMIID.NotFound', 400, 'refused'],
  ['InvalidAMIID.Malformed', 400, 'refused'],
  ['PendingVerification', 400, 'refused'],
  ['IdempotentParameterMismatch', 400, 'refused'],
  // aws.md §1.4, what terraform-aws-github-runner calls retryable: throttles did not happen, server faults may have.
  ['EC2ThrottledException', 400, 'busy'],
  ['Throttling', 400, 'busy'],
  ['ThrottlingException', 400, 'busy'],
  ['InternalError', 500, 'unsure'],
  ['ServiceUnavailable', 503, 'unsure'],
  ['Unavailable', 503, 'unsure'],
  ['RequestTimeout', 400, 'unsure'],
  ['RequestTimeoutException', 400, 'unsure'],
  // Nobody has met these.
  ['SomethingNew', 400, 'refused'],
  ['SomethingNew', 429, 'busy'],
  ['SomethingNew', 500, 'unsure'],
  ['SomethingNew', 504, 'unsure'],
];

const serviceError = (name: string, httpStatusCode: number) =>
  Object.assign(new Error('i-0123 of secret account said no'), { name, $metadata: { httpStatusCode } });

describe('the table of AWS faults', () => {
  it.each(ANSWERS)('calls a write answered with %s (%i) %s', (code, status, kind) => {
    expect(faultOf(serviceError(code, status), 'write')).toMatchObject({ kind, code });
  });

  it.each(ANSWERS.filter(([, , kind]) => kind === 'unsure'))(
    'calls a read answered with %s (%i) busy, since a read has no effect',
    (code, status) => {
      expect(faultOf(serviceError(code, status), 'read')).toMatchObject({ kind: 'busy', code });
    },
  );

  it.each(['read', 'write'] as const)('never calls a throttle inside a 200 exhaustion (%s)', (effect) => {
    expect(faultOfCode('RequestLimitExceeded', effect).kind).toBe('busy');
  });

  it('tells for every busy fault how long to wait', () => {
    for (const [code, status] of ANSWERS) {
      const fault = faultOf(serviceError(code, status), 'read');
      if (fault.kind === 'busy') expect(fault.retryAfterMs).toBeGreaterThanOrEqual(1_000);
    }
  });

  it('keeps the code and never the message', () => {
    expect(JSON.stringify(faultOf(serviceError('AuthFailure', 401), 'write'))).not.toContain('secret');
  });

  it('does not repeat a code that is no code', () => {
    const fault = faultOf(serviceError('<script>\nForged line', 400), 'write');
    expect(fault).toEqual({ kind: 'refused', code: 'http-400' });
  });

  it('calls an answer that cannot be read unsure for a write and busy for a read', () => {
    const broken = Object.assign(new SyntaxError('Unexpected end'), { $response: { statusCode: 200 } });
    expect(faultOf(broken, 'write')).toEqual({ kind: 'unsure', code: 'answer-unreadable' });
    expect(faultOf(broken, 'read')).toMatchObject({ kind: 'busy', code: 'answer-unreadable' });
  });

  it('throws on what neither a service nor a socket said: that is our bug', () => {
    const bug = new TypeError("Cannot read properties of undefined (reading 'x')");
    expect(() => faultOf(bug, 'write')).toThrow(bug);
  });
});

const SOCKETS: readonly (readonly [code: string, write: string])[] = [
  ['ECONNREFUSED', 'busy'],
  ['ENOTFOUND', 'busy'],
  ['EAI_AGAIN', 'busy'],
  ['UND_ERR_CONNECT_TIMEOUT', 'busy'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'refused'],
  ['CERT_HAS_EXPIRED', 'refused'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'refused'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'refused'],
  ['ECONNRESET', 'unsure'],
  ['EPIPE', 'unsure'],
  ['ETIMEDOUT', 'unsure'],
  ['UND_ERR_SOCKET', 'unsure'],
];

describe('faults of connections', () => {
  it.each(SOCKETS)('call a write that failed with %s %s', (code, kind) => {
    expect(faultOf(Object.assign(new Error('x'), { code }), 'write')).toMatchObject({ kind, code });
  });

  it.each(['TimeoutError', 'AbortError'])('call a write unsure that ended with %s', (name) => {
    expect(faultOfSocket(Object.assign(new Error('x'), { name }), 'write')).toEqual({
      kind: 'unsure',
      code: 'timeout',
    });
  });

  it.each<Effect>(['read', 'write'])('know nothing of other errors (%s)', (effect) => {
    expect(faultOfSocket(new Error('x'), effect)).toBeUndefined();
    expect(faultOfSocket('text', effect)).toBeUndefined();
  });
});
