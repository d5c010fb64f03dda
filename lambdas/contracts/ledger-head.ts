import * as z from 'zod/mini';
import { SCHEMA_VERSION } from './text.ts';

/**
 * Items of the ledger. One table, key `pk` = `<kind>#<id>`. `rev` is the revision the item was read at; 0 means it must
 * not exist yet. Facts come from outside and only move forward; intent is ours and may cycle, numbered by attempt.
 */
export const head = { v: z.literal(SCHEMA_VERSION), rev: z.int().check(z.nonnegative()) };
