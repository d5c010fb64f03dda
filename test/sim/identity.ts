import { type IdentityDocument, identityDocument } from '../../lambdas/contracts/claim.ts';
import type { IdentityVerifier } from '../../lambdas/ports/identity.ts';

function documentIn(text: string): IdentityDocument | undefined {
  const read = identityDocument.safeParse(JSON.parse(text));
  return read.success ? read.data : undefined;
}

/** The document stands in plain JSON: what proves it has its own tests. */
export const plainIdentity: IdentityVerifier = {
  stated: documentIn,
  verify: async (text) => {
    const document = documentIn(text);
    return document === undefined ? { ok: false, reason: 'identity-content' } : { ok: true, document };
  },
};
