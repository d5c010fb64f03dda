import { Aws, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { CfnWorkGroup } from 'aws-cdk-lib/aws-athena';
import { CfnDatabase, CfnTable } from 'aws-cdk-lib/aws-glue';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnDeliveryStream } from 'aws-cdk-lib/aws-kinesisfirehose';
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  ObjectOwnership,
  StorageClass,
} from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { USAGE_COLUMNS } from '../lambdas/contracts/usage.ts';

const PREFIX = 'usage/';
const RESULTS = 'athena/';
const TABLE = 'usage';
/** A query of a year reads less; one that would read more is a mistake, and is ended (a TiB costs 5 dollars). */
const SCAN_MAX_BYTES = 100 * 1024 ** 3;
/** Records are asked for by year; after that they are kept cheaply for two more. */
const COLD_AFTER = Duration.days(365);
const KEPT = Duration.days(3 * 365);

/**
 * Usage records: through Firehose into Parquet files by day of arrival, with a table that Athena and DuckDB read. The
 * bucket stays when the stack is removed: what was spent is still to be accounted for.
 */
export class Lake extends Construct {
  readonly bucket: Bucket;
  readonly stream: CfnDeliveryStream;
  readonly database: string;
  readonly workGroup: string;

  constructor(scope: Construct, id: string, stackId: string) {
    super(scope, id);
    this.bucket = new Bucket(this, 'Bucket', {
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      encryption: BucketEncryption.S3_MANAGED,
      enforceSSL: true,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      removalPolicy: RemovalPolicy.RETAIN,
      lifecycleRules: [
        {
          prefix: PREFIX,
          transitions: [{ storageClass: StorageClass.INFREQUENT_ACCESS, transitionAfter: COLD_AFTER }],
          expiration: KEPT,
        },
        { prefix: RESULTS, expiration: Duration.days(7) },
        { prefix: 'errors/', expiration: Duration.days(30) },
        { abortIncompleteMultipartUploadAfter: Duration.days(1) },
      ],
    });
    this.database = `mayfly_${stackId}`;
    const table = this.addTable();
    this.stream = this.addStream(table);
    this.workGroup = `mayfly-${stackId}`;
    this.addWorkGroup();
  }

  /** Sending records. */
  use(): PolicyStatement {
    return new PolicyStatement({
      actions: ['firehose:PutRecordBatch'],
      resources: [this.stream.attrArn],
    });
  }

  private addTable(): CfnTable {
    const database = new CfnDatabase(this, 'Database', {
      catalogId: Aws.ACCOUNT_ID,
      databaseInput: { name: this.database, description: 'usage records of Mayfly' },
    });
    const location = `s3://${this.bucket.bucketName}/${PREFIX}`;
    const table = new CfnTable(this, 'Table', {
      catalogId: Aws.ACCOUNT_ID,
      databaseName: this.database,
      tableInput: {
        name: TABLE,
        description: 'one row per record as it was written: doubles and revisions included',
        tableType: 'EXTERNAL_TABLE',
        partitionKeys: [{ name: 'day', type: 'string' }],
        parameters: {
          classification: 'parquet',
          'projection.enabled': 'true',
          'projection.day.type': 'date',
          'projection.day.format': 'yyyy-MM-dd',
          'projection.day.range': '2025-01-01,NOW+1DAYS',
          'storage.location.template': `${location}day=\${day}/`,
        },
        storageDescriptor: {
          columns: Object.entries(USAGE_COLUMNS).map(([name, type]) => ({ name, type })),
          location,
          inputFormat: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat',
          outputFormat: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat',
          serdeInfo: {
            serializationLibrary: 'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe',
          },
        },
      },
    });
    table.addDependency(database);
    return table;
  }

  private addStream(table: CfnTable): CfnDeliveryStream {
    const role = this.addStreamRole();
    const stream = new CfnDeliveryStream(this, 'Stream', {
      deliveryStreamType: 'DirectPut',
      deliveryStreamEncryptionConfigurationInput: { keyType: 'AWS_OWNED_CMK' },
      extendedS3DestinationConfiguration: {
        bucketArn: this.bucket.bucketArn,
        roleArn: role.roleArn,
        prefix: `${PREFIX}day=!{timestamp:yyyy-MM-dd}/`,
        errorOutputPrefix: 'errors/!{firehose:error-output-type}/',
        // Converting needs 64 MiB at least; in five minutes no installation sends as much, so files are cut by time.
        bufferingHints: { intervalInSeconds: 300, sizeInMBs: 64 },
        dataFormatConversionConfiguration: {
          enabled: true,
          inputFormatConfiguration: { deserializer: { openXJsonSerDe: {} } },
          outputFormatConfiguration: { serializer: { parquetSerDe: { compression: 'SNAPPY' } } },
          schemaConfiguration: {
            roleArn: role.roleArn,
            catalogId: Aws.ACCOUNT_ID,
            databaseName: this.database,
            tableName: TABLE,
            region: Aws.REGION,
            versionId: 'LATEST',
          },
        },
      },
    });
    stream.node.addDependency(role, table);
    return stream;
  }

  private addStreamRole(): Role {
    const role = new Role(this, 'StreamRole', {
      assumedBy: new ServicePrincipal('firehose.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } },
      }),
      description: 'Mayfly: writes usage records to their bucket',
    });
    const glue = (path: string): string => Stack.of(this).formatArn({ service: 'glue', resource: path });
    role.addToPolicy(
      new PolicyStatement({
        actions: ['s3:AbortMultipartUpload', 's3:PutObject'],
        resources: [this.bucket.arnForObjects(`${PREFIX}*`), this.bucket.arnForObjects('errors/*')],
      }),
    );
    role.addToPolicy(
      new PolicyStatement({
        actions: ['s3:GetBucketLocation', 's3:ListBucket', 's3:ListBucketMultipartUploads'],
        resources: [this.bucket.bucketArn],
      }),
    );
    role.addToPolicy(
      new PolicyStatement({
        actions: ['glue:GetTable', 'glue:GetTableVersion', 'glue:GetTableVersions'],
        resources: [
          glue('catalog'),
          glue(`database/${this.database}`),
          glue(`table/${this.database}/${TABLE}`),
        ],
      }),
    );
    return role;
  }

  private addWorkGroup(): void {
    new CfnWorkGroup(this, 'WorkGroup', {
      name: this.workGroup,
      description: 'usage reports of Mayfly',
      recursiveDeleteOption: true,
      workGroupConfiguration: {
        enforceWorkGroupConfiguration: true,
        bytesScannedCutoffPerQuery: SCAN_MAX_BYTES,
        publishCloudWatchMetricsEnabled: false,
        resultConfiguration: {
          outputLocation: `s3://${this.bucket.bucketName}/${RESULTS}`,
          encryptionConfiguration: { encryptionOption: 'SSE_S3' },
        },
      },
    });
  }
}
