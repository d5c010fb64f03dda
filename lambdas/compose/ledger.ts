import { createDynamoLedger, ledgerClient } from '../adapters/dynamodb-ledger.ts';
import { systemClock } from '../adapters/system.ts';
import type { Ledger } from '../ports/ledger.ts';

export const composeLedger = (env: { LEDGER_TABLE: string }): Ledger =>
  createDynamoLedger({ client: ledgerClient(), table: env.LEDGER_TABLE, clock: systemClock });
