import { createHash } from 'node:crypto';

/** Hex SHA-256: the one cryptographic function of the core; deterministic, so the core stays pure. */
export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** 80 bits: enough that two groups of one stack never meet by chance, short enough for index keys. */
export const shortHashOf = (text: string): string => sha256(text).slice(0, 20);
