/** Names that the whole simulation shares. */
export const STACK_ID = 'a1b2c3d4';
export const ACCOUNT = '111122223333';
export const REGION = 'us-east-1';
export const ZONES = ['us-east-1a', 'us-east-1b'] as const;
/** Images by deployed version; each passed its test. */
export const IMAGES = ['ami-0123456789abcdef0', 'ami-0123456789abcdef1'] as const;
export const ARM_IMAGES = ['ami-0a23456789abcdef0', 'ami-0a23456789abcdef1'] as const;
export const ORGANIZATION = 'acme';
export const REPOSITORIES = ['acme/app', 'acme/api', 'acme/site'] as const;
export const PUBLIC_REPOSITORY = 'acme/open';
export const FORK = 'mallory/app';
