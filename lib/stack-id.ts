import { Aws, Fn } from 'aws-cdk-lib';

/**
 * The stack's short name in tags, registrations and alarms: the first 8 hexadecimal digits of the UUID that
 * CloudFormation gives each stack it creates (`arn:…:stack/NAME/UUID`). Two stacks of one name never share it.
 */
export const shortStackId = (): string =>
  Fn.select(0, Fn.split('-', Fn.select(2, Fn.split('/', Aws.STACK_ID))));
