import { Aws } from 'aws-cdk-lib';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { HANDLERS_DIR } from './bundle.ts';
import type { MayflyConfig } from './config/compile.ts';
import { Consumer } from './consumer.ts';
import { DnsFirewall } from './dns-firewall.ts';
import { describing, disablingMetadata, launching, terminating } from './ec2-permissions.ts';
import { InstanceEvents, SWEEP_DELIVERY, SweepSchedule } from './events.ts';
import { MayflyFunction } from './function.ts';
import { FUNCTION_SIZES, type FunctionName } from './function-sizes.ts';
import { GitHubApp } from './github-app.ts';
import { Lake } from './lake.ts';
import { PoolTemplate } from './launch-template.ts';
import { Ledger } from './ledger.ts';
import { Network } from './network.ts';
import { PlacesParameter } from './places.ts';
import { PrivateClaim } from './private-claim.ts';
import { Queues, sendTo } from './queues.ts';
import { shortStackId } from './stack-id.ts';
import { Teardown } from './teardown.ts';
import { appVariables, launchVariables, placeVariables } from './variables.ts';

export interface MayflyProps {
  /** What `readConfig` made of mayfly.yaml. */
  readonly config: MayflyConfig;
  /**
   * How long the functions' logs are kept.
   *
   * @default RetentionDays.ONE_MONTH
   */
  readonly logRetention?: RetentionDays;
  /**
   * Least level that the functions log: DEBUG, INFO, WARN or ERROR.
   *
   * @default INFO
   */
  readonly logLevel?: 'DEBUG' | 'INFO' | 'WARN' | 'ERROR';
  /**
   * Folder that holds `<function>/handler.ts` of each function.
   *
   * @default - the `lambdas` folder of this project
   */
  readonly handlersDir?: string;
}

interface FunctionWish {
  readonly description: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly reservedConcurrency?: number | undefined;
  readonly copies?: readonly string[];
}

/** A complete Mayfly: everything from the webhook to the launch templates. A stack holds one of them. */
export class Mayfly extends Construct {
  readonly stackId = shortStackId();
  readonly ledger: Ledger;
  readonly queues: Queues;
  readonly githubApp: GitHubApp;
  readonly network: Network;
  readonly lake: Lake;
  readonly places: PlacesParameter;
  readonly templates: readonly PoolTemplate[];
  readonly webhookUrl: string;
  readonly claimUrl: string;
  readonly reportUrl: string;
  readonly guardUrl: string;
  private readonly props: MayflyProps;

  constructor(scope: Construct, id: string, props: MayflyProps) {
    super(scope, id);
    this.props = props;
    this.ledger = new Ledger(this, 'Ledger');
    this.queues = new Queues(this, 'Queues');
    this.githubApp = new GitHubApp(this, 'GitHubApp', this.stackId);
    this.network = new Network(this, 'Network', props.config.network);
    this.lake = new Lake(this, 'Lake', this.stackId);
    const { stackId, ledger, queues } = this;
    const pools = props.config.pools.map(({ name }) => name);
    this.places = new PlacesParameter(this, 'Places', { stackId, ledger, queues, pools });
    this.webhookUrl = this.addWebhook();
    this.reportUrl = this.addReport();
    this.guardUrl = this.addGuard();
    this.claimUrl = this.addClaim();
    this.templates = props.config.pools.map((plan) => this.template(plan));
    this.limitNames();
    this.addTeardown([this.addDispatch(), this.addSweep(), this.addObserve()]);
  }

  private function(name: FunctionName, wish: FunctionWish): MayflyFunction {
    const { config, handlersDir, logLevel, logRetention } = this.props;
    const id = name.charAt(0).toUpperCase() + name.slice(1);
    return new MayflyFunction(this, id, {
      name,
      ...FUNCTION_SIZES[name],
      handlersDir: handlersDir ?? HANDLERS_DIR,
      settingsJson: JSON.stringify(config.settings),
      logLevel: logLevel ?? 'INFO',
      logRetention: logRetention ?? RetentionDays.ONE_MONTH,
      ...wish,
    });
  }

  private template(plan: MayflyConfig['pools'][number]): PoolTemplate {
    const { publicIp } = this.props.config.network;
    const { stackId, claimUrl } = this;
    const { securityGroup } = this.network;
    return new PoolTemplate(this, `Pool-${plan.name}`, { plan, stackId, claimUrl, securityGroup, publicIp });
  }

  private limitNames(): void {
    const { network } = this.props.config;
    if (network.kind !== 'own' || network.egressDomains === undefined) return;
    const urls = [this.claimUrl, this.reportUrl, this.guardUrl];
    const { vpcId } = this.network.vpc;
    new DnsFirewall(this.network, 'DnsFirewall', { vpcId, domains: network.egressDomains, urls });
  }

  /** Variables of the functions that keep the ledger and act as the App. */
  private get common(): Readonly<Record<string, string>> {
    return { ...placeVariables(this.stackId, this.ledger), ...appVariables(this.githubApp) };
  }

  private addWebhook(): string {
    const { jobs } = this.queues;
    const { webhookSecret } = this.githubApp;
    return this.function('webhook', {
      description: "checks GitHub's webhooks and queues jobs",
      environment: {
        STACK_ID: this.stackId,
        JOBS_QUEUE_URL: jobs.queueUrl,
        WEBHOOK_SECRET_ARN: webhookSecret.secretArn,
      },
      reservedConcurrency: this.props.config.concurrency.webhook,
    })
      .allow(sendTo(jobs), this.githubApp.readWebhookSecret())
      .openUrl();
  }

  private addReport(): string {
    const report = this.function('report', {
      description: 'hears how runners are doing',
      environment: this.common,
    });
    return report.allow(...this.ledger.use('read', 'write'), ...this.githubApp.actAs(report.role)).openUrl();
  }

  private addGuard(): string {
    const guard = this.function('guard', {
      description: 'lets an admitted job start, and no other',
      environment: this.common,
    });
    return guard.allow(...this.ledger.use('read', 'write'), ...this.githubApp.actAs(guard.role)).openUrl();
  }

  private addClaim(): string {
    const claim = this.function('claim', {
      description: 'gives a proven instance its one registration',
      environment: {
        ...this.common,
        ACCOUNT_ID: Aws.ACCOUNT_ID,
        REPORT_URL: this.reportUrl,
        GUARD_URL: this.guardUrl,
        CLAIM_ACCESS: this.props.config.claimAccess,
      },
      reservedConcurrency: this.props.config.concurrency.claim,
      copies: ['certificates.json'],
    });
    claim
      .allow(...this.ledger.use('read', 'write', 'demand'), ...this.githubApp.actAs(claim.role))
      .allow(describing(), disablingMetadata(this, this.stackId));
    if (this.props.config.claimAccess === 'public') return claim.openUrl();
    return new PrivateClaim(this, 'PrivateClaim', { claim: claim.lambda, network: this.network }).url;
  }

  private addDispatch(): Construct {
    const dispatch = this.function('dispatch', {
      description: 'decides on jobs and launches instances',
      environment: { ...this.common, ...launchVariables(this.templates, this.network) },
    });
    dispatch
      .allow(...this.ledger.use('read', 'write'), ...this.githubApp.actAs(dispatch.role))
      .allow(...launching(this, this));
    return new Consumer(this, 'DispatchJobs', {
      queue: this.queues.jobs,
      worker: dispatch,
      concurrencyMax: 5,
    });
  }

  private addSweep(): Construct {
    const sweep = this.function('sweep', {
      description: 'compares GitHub, EC2 and the ledger and mends every difference',
      environment: {
        ...this.common,
        ...launchVariables(this.templates, this.network),
        USAGE_STREAM: this.lake.stream.ref,
      },
    });
    sweep
      .allow(
        ...this.ledger.use('read', 'readMany', 'write', 'due', 'demand'),
        ...this.githubApp.actAs(sweep.role),
      )
      .allow(describing(), terminating(this, this.stackId), ...launching(this, this), this.lake.use());
    sweep.lambda.configureAsyncInvoke(SWEEP_DELIVERY);
    return new SweepSchedule(this, 'SweepSchedule', sweep.lambda);
  }

  private addObserve(): Construct {
    const observe = this.function('observe', {
      description: 'records what EC2 says of instances',
      environment: placeVariables(this.stackId, this.ledger),
    });
    observe.allow(...this.ledger.use('read', 'readMany', 'write'));
    const queue = this.queues.instances;
    new InstanceEvents(this, 'InstanceEvents', queue);
    return new Consumer(this, 'ObserveInstances', { queue, worker: observe, concurrencyMax: 2 });
  }

  private addTeardown(wakers: readonly Construct[]): void {
    const cleaner = this.function('teardown', {
      description: 'ends every instance and registration when the stack is removed',
      environment: this.common,
    });
    cleaner
      .allow(...this.ledger.use('read', 'readMany', 'write'), ...this.githubApp.actAs(cleaner.role))
      .allow(describing(), terminating(this, this.stackId));
    new Teardown(this, 'Removal', {
      cleaner,
      timeoutSeconds: FUNCTION_SIZES.teardown.timeoutSeconds,
      before: wakers,
      after: [this.ledger, this.githubApp, this.network, this.places, ...this.templates],
    });
  }
}
