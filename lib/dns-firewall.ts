import { Fn } from 'aws-cdk-lib';
import {
  CfnFirewallDomainList,
  CfnFirewallRuleGroup,
  CfnFirewallRuleGroupAssociation,
} from 'aws-cdk-lib/aws-route53resolver';
import { Construct } from 'constructs';
import { githubDomains } from './github-domains.ts';

/** Rules are asked in rising order and the first that matches decides. */
const ALLOW_PRIORITY = 100;
const BLOCK_PRIORITY = 200;
/** AWS keeps 100 and below, and 9900 and above, for itself. */
const GROUP_PRIORITY = 101;

export interface DnsFirewallProps {
  readonly vpcId: string;
  /** Names that may be looked up besides those of GitHub. */
  readonly domains: readonly string[];
  /** Addresses of ours that instances call: claim, report and guard. */
  readonly urls: readonly string[];
}

/**
 * Answers instances only for names on a list; every other name does not exist. A firewall belongs to a VPC and cannot
 * tell pools apart. Should it fail itself, Resolver answers nothing: AWS's default, which we leave.
 */
export class DnsFirewall extends Construct {
  constructor(scope: Construct, id: string, { vpcId, domains, urls }: DnsFirewallProps) {
    super(scope, id);
    const allowed = new CfnFirewallDomainList(this, 'Allowed', {
      domains: [...new Set([...githubDomains(), ...domains]), ...urls.map(hostOf)],
    });
    const everything = new CfnFirewallDomainList(this, 'Everything', { domains: ['*'] });
    const rules = new CfnFirewallRuleGroup(this, 'Rules', {
      firewallRules: [
        {
          action: 'ALLOW',
          firewallDomainListId: allowed.attrId,
          priority: ALLOW_PRIORITY,
          // github.com and the blob stores are aliases of names that change; the first name of a chain decides.
          firewallDomainRedirectionAction: 'TRUST_REDIRECTION_DOMAIN',
        },
        {
          action: 'BLOCK',
          blockResponse: 'NXDOMAIN',
          firewallDomainListId: everything.attrId,
          priority: BLOCK_PRIORITY,
        },
      ],
    });
    new CfnFirewallRuleGroupAssociation(this, 'Association', {
      firewallRuleGroupId: rules.attrId,
      vpcId,
      priority: GROUP_PRIORITY,
    });
  }
}

/** Of https://HOST/: the exact name, since everybody may have a function URL beside ours. */
const hostOf = (url: string): string => Fn.select(2, Fn.split('/', url));
