import { z } from 'zod';
import { arnOf, physicalName } from '../identity.ts';
import { kind, type Place, type ResourceKind } from '../kind.ts';

/**
 * Types that exist in AWS only for what a local run does not have: permissions, log retention, alarms. They are created
 * as names, so that references to them resolve. Each line says why nothing is lost; a type that is not here fails.
 */
function nameOnly(
  type: string,
  nameProperty: string,
  arn: (name: string, place: Place) => string,
): ResourceKind {
  return kind(type, z.record(z.string(), z.unknown()), (given, place) => {
    const stated = given[nameProperty];
    const ref =
      typeof stated === 'string' ? stated : physicalName(place.context.identity, place.logicalId, 64);
    return { ref, attributes: { Arn: arn(ref, place) } };
  });
}

const iam = (type: string, nameProperty: string, path: string) =>
  nameOnly(
    type,
    nameProperty,
    (name, { context }) => `arn:aws:iam::${context.identity.account}:${path}/${name}`,
  );
const regional = (type: string, nameProperty: string, api: string, path: string) =>
  nameOnly(type, nameProperty, (name, { context }) => arnOf(context.identity, api, `${path}${name}`));

export const inertKinds: readonly ResourceKind[] = [
  // Permissions: IAM is not enforced here; least privilege has its own tests on the template.
  iam('AWS::IAM::Role', 'RoleName', 'role'),
  iam('AWS::IAM::Policy', 'PolicyName', 'policy'),
  iam('AWS::IAM::ManagedPolicy', 'ManagedPolicyName', 'policy'),
  regional('AWS::Lambda::Permission', 'Id', 'lambda', 'permission/'),
  regional('AWS::SQS::QueuePolicy', 'Id', 'sqs', 'policy/'),
  // Observation: logs of a local run go to files, and nobody is to be woken by it.
  nameOnly('AWS::Logs::LogGroup', 'LogGroupName', (name, { context }) =>
    arnOf(context.identity, 'logs', `log-group:${name}:*`),
  ),
  regional('AWS::Logs::MetricFilter', 'FilterName', 'logs', 'metric-filter:'),
  regional('AWS::CloudWatch::Alarm', 'AlarmName', 'cloudwatch', 'alarm:'),
  regional('AWS::CloudWatch::Dashboard', 'DashboardName', 'cloudwatch', 'dashboard/'),
  // The lake: records of a local run lie in its folder, and are read there.
  nameOnly('AWS::S3::Bucket', 'BucketName', (name) => `arn:aws:s3:::${name}`),
  regional('AWS::S3::BucketPolicy', 'Id', 's3', 'policy/'),
  regional('AWS::Glue::Database', 'Name', 'glue', 'database/'),
  regional('AWS::Glue::Table', 'Name', 'glue', 'table/'),
  regional('AWS::Athena::WorkGroup', 'Name', 'athena', 'workgroup/'),
  // A note of the CDK to itself.
  regional('AWS::CDK::Metadata', 'Id', 'cdk', 'metadata/'),
];
