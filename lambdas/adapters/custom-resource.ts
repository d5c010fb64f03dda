import type { CloudFormationCustomResourceEvent } from 'aws-lambda';

/** CloudFormation waits for this answer; without it the stack hangs for an hour. */
const ANSWER_MAX_MS = 30_000;
/** The only physical id there is: it never changes, so an update never deletes. */
const PHYSICAL_ID = 'mayfly-removal';

export type CustomResourceAnswer =
  | { readonly status: 'SUCCESS' }
  | { readonly status: 'FAILED'; readonly reason: string };

/** Answers CloudFormation at the presigned URL that came with the event. The URL is a secret: it is never logged. */
export async function answerCloudFormation(
  event: CloudFormationCustomResourceEvent,
  answer: CustomResourceAnswer,
): Promise<void> {
  const body = JSON.stringify({
    Status: answer.status,
    ...(answer.status === 'FAILED' ? { Reason: answer.reason.slice(0, 1_000) } : {}),
    PhysicalResourceId: 'PhysicalResourceId' in event ? event.PhysicalResourceId : PHYSICAL_ID,
    StackId: event.StackId,
    RequestId: event.RequestId,
    LogicalResourceId: event.LogicalResourceId,
  });
  const response = await fetch(event.ResponseURL, {
    method: 'PUT',
    body,
    headers: { 'content-type': '' },
    signal: AbortSignal.timeout(ANSWER_MAX_MS),
  });
  if (!response.ok) throw new Error(`CloudFormation did not take the answer: HTTP ${response.status}`);
}
