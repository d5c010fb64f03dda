import { RemovalPolicy } from 'aws-cdk-lib';
import { AttributeType, Billing, ProjectionType, TableEncryptionV2, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';

/**
 * What a function does with the ledger (lambdas/ports/ledger.ts). `due` and `demand` are sparse indexes: an item is in
 * one only while it has the index's key attributes.
 */
export type LedgerUse = 'read' | 'readMany' | 'write' | 'due' | 'demand';

const ITEM_ACTIONS = {
  read: 'dynamodb:GetItem',
  readMany: 'dynamodb:BatchGetItem',
  write: 'dynamodb:PutItem',
} as const;

const isIndex = (use: LedgerUse): use is 'due' | 'demand' => use === 'due' || use === 'demand';

/** The durable record of jobs, runners and launches (DESIGN §4). */
export class Ledger extends Construct {
  readonly table: TableV2;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.table = new TableV2(this, 'Table', {
      partitionKey: { name: 'pk', type: AttributeType.STRING },
      billing: Billing.onDemand(),
      encryption: TableEncryptionV2.dynamoOwnedKey(),
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      timeToLiveAttribute: 'expiresAtSeconds',
      // DynamoDB keeps a backup of a deleted table with point-in-time recovery for 35 days, at no charge.
      removalPolicy: RemovalPolicy.DESTROY,
      globalSecondaryIndexes: [
        {
          indexName: 'due',
          partitionKey: { name: 'dueShard', type: AttributeType.STRING },
          sortKey: { name: 'due', type: AttributeType.NUMBER },
          projectionType: ProjectionType.INCLUDE,
          nonKeyAttributes: ['kind', 'id'],
        },
        {
          indexName: 'demand',
          partitionKey: { name: 'demandShard', type: AttributeType.STRING },
          sortKey: { name: 'demandKey', type: AttributeType.STRING },
          projectionType: ProjectionType.INCLUDE,
          nonKeyAttributes: ['kind', 'id', 'group', 'since', 'state'],
        },
      ],
    });
  }

  /** Single items and the named indexes. Nobody may scan the table, and nobody deletes: items expire. */
  use(...uses: readonly LedgerUse[]): PolicyStatement[] {
    const actions = uses.flatMap((use) => (isIndex(use) ? [] : [ITEM_ACTIONS[use]]));
    const indexes = uses.filter(isIndex).map((use) => `${this.table.tableArn}/index/${use}`);
    const statement = (sid: string, does: string[], resources: string[]): PolicyStatement[] =>
      resources.length === 0 ? [] : [new PolicyStatement({ sid, actions: does, resources })];
    return [
      ...statement('LedgerItems', actions, [this.table.tableArn]),
      ...statement('LedgerIndexes', ['dynamodb:Query'], indexes),
    ];
  }
}
