import { Lazy, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { AccountRootPrincipal, type IRole, PolicyDocument, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { CfnAlias, CfnKey } from 'aws-cdk-lib/aws-kms';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { ParameterTier, StringParameter } from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';

/** KMS destroys a key no sooner; until then its deletion can be cancelled. */
const KEY_DELETION_DAYS = 7;
/** GitHub signs webhooks by HMAC-SHA256: 64 letters and digits are more than its 256 bits. */
const SECRET_CHARS = 64;

/** What an administrator may do with a key slot. Signing is not among it. */
const KEY_ADMIN_ACTIONS = [
  'kms:CancelKeyDeletion',
  'kms:CreateAlias',
  'kms:DeleteAlias',
  'kms:DeleteImportedKeyMaterial',
  'kms:DescribeKey',
  'kms:DisableKey',
  'kms:EnableKey',
  'kms:GetKeyPolicy',
  'kms:GetKeyRotationStatus',
  'kms:GetParametersForImport',
  'kms:GetPublicKey',
  'kms:ImportKeyMaterial',
  'kms:ListGrants',
  'kms:ListKeyPolicies',
  'kms:ListResourceTags',
  'kms:PutKeyPolicy',
  'kms:RevokeGrant',
  'kms:ScheduleKeyDeletion',
  'kms:TagResource',
  'kms:UntagResource',
  'kms:UpdateAlias',
  'kms:UpdateKeyDescription',
];

/**
 * What the GitHub App needs: its private key in one of two KMS slots (imported, so that it signs and nobody reads it;
 * two, so that it can be rotated), its ids in a parameter, and the webhook's secret. `mayfly setup` fills them in.
 *
 * All of it goes with the stack: after that nothing may sign as the App, and a new key is one click at GitHub.
 */
export class GitHubApp extends Construct {
  readonly keyArns: { readonly a: string; readonly b: string };
  /** A later deploy leaves what setup wrote: CloudFormation writes a value only when the template's own changes. */
  readonly parameter: StringParameter;
  readonly webhookSecret: Secret;
  private readonly signers: IRole[] = [];

  constructor(scope: Construct, id: string, stackId: string) {
    super(scope, id);
    this.keyArns = { a: this.slot('a', stackId), b: this.slot('b', stackId) };
    this.parameter = new StringParameter(this, 'Parameter', {
      parameterName: `/mayfly/${stackId}/github-app`,
      simpleName: false,
      stringValue: '{"configured":false}',
      description: 'GitHub App of this Mayfly stack; written by "mayfly setup"',
      tier: ParameterTier.STANDARD,
    });
    this.webhookSecret = new Secret(this, 'WebhookSecret', {
      description:
        'Secrets with which GitHub signs webhooks to this Mayfly stack: the current and the previous one',
      generateSecretString: {
        secretStringTemplate: '{"previous":""}',
        generateStringKey: 'current',
        passwordLength: SECRET_CHARS,
        excludePunctuation: true,
      },
      removalPolicy: RemovalPolicy.DESTROY,
    });
  }

  /** Acting as the App: reading its ids and signing with its key, by the one algorithm of GitHub's tokens (RS256). */
  actAs(role: IRole): PolicyStatement[] {
    this.signers.push(role);
    return [
      new PolicyStatement({
        sid: 'ReadAppIds',
        actions: ['ssm:GetParameter'],
        resources: [this.parameter.parameterArn],
      }),
      new PolicyStatement({
        sid: 'SignAsApp',
        actions: ['kms:Sign'],
        resources: [this.keyArns.a, this.keyArns.b],
        conditions: { StringEquals: { 'kms:SigningAlgorithm': 'RSASSA_PKCS1_V1_5_SHA_256' } },
      }),
    ];
  }

  readWebhookSecret(): PolicyStatement {
    return new PolicyStatement({
      sid: 'ReadWebhookSecret',
      actions: ['secretsmanager:GetSecretValue'],
      resources: [this.webhookSecret.secretArn],
    });
  }

  private slot(slot: 'a' | 'b', stackId: string): string {
    const key = new CfnKey(this, `Key${slot.toUpperCase()}`, {
      description: `Mayfly: private key of the GitHub App, slot ${slot}`,
      keySpec: 'RSA_2048',
      keyUsage: 'SIGN_VERIFY',
      origin: 'EXTERNAL',
      pendingWindowInDays: KEY_DELETION_DAYS,
      keyPolicy: Lazy.any({ produce: () => Stack.of(this).resolve(this.keyPolicy()) }),
    });
    key.applyRemovalPolicy(RemovalPolicy.DESTROY);
    new CfnAlias(this, `Alias${slot.toUpperCase()}`, {
      aliasName: `alias/mayfly-${stackId}-app-${slot}`,
      targetKeyId: key.ref,
    });
    return key.attrArn;
  }

  /**
   * Administrators of the account may do everything but sign; the functions' roles may sign if their own policy says so
   * too. Roles are named by a condition: a principal in the policy would turn into a dead id when a role is made anew.
   */
  private keyPolicy(): PolicyDocument {
    const account = [new AccountRootPrincipal()];
    const sign = new PolicyStatement({
      sid: 'FunctionsSign',
      principals: account,
      actions: ['kms:Sign'],
      resources: ['*'],
      conditions: { ArnEquals: { 'aws:PrincipalArn': this.signers.map((role) => role.roleArn) } },
    });
    const administer = new PolicyStatement({
      sid: 'AccountAdministers',
      principals: account,
      actions: KEY_ADMIN_ACTIONS,
      resources: ['*'],
    });
    return new PolicyDocument({ statements: [administer, sign] });
  }
}
