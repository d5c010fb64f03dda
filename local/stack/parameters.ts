import type { Json } from '../json.ts';
import type { Template, TemplateParameter } from './template.ts';

export type ParameterSources = {
  /** Values given at the start, as `cdk deploy --parameters` does. */
  readonly given: Readonly<Record<string, string>>;
  /** A value of the local parameter store. */
  readonly ssm: (name: string) => string | undefined;
};

/** The value of one template parameter. Throws a sentence if there is none or it breaks the template's own rule. */
export function parameterValue(
  template: Template,
  name: string,
  sources: ParameterSources,
): Json | undefined {
  const parameter = template.Parameters[name];
  if (parameter === undefined) return undefined;
  const given = sources.given[name] ?? parameter.Default;
  if (given === undefined)
    throw new Error(`parameter ${name}: want a value in overrides.parameters, got none`);
  checkAllowed(name, parameter, String(given));
  const inner = /^AWS::SSM::Parameter::Value<(.+)>$/.exec(parameter.Type)?.[1];
  if (inner === undefined) return typed(parameter.Type, String(given));
  const stored = sources.ssm(String(given));
  if (stored === undefined) {
    throw new Error(`parameter ${name}: no SSM parameter ${given} here: give it in overrides.ssmParameters`);
  }
  return typed(inner, stored);
}

/** Names given at the start that the template does not know: a misspelt one would otherwise do nothing. */
export function unknownParameters(
  template: Template,
  given: Readonly<Record<string, string>>,
): readonly string[] {
  return Object.keys(given).filter((name) => template.Parameters[name] === undefined);
}

const typed = (type: string, value: string): Json =>
  type.startsWith('List<') || type === 'CommaDelimitedList'
    ? value.split(',').map((one) => one.trim())
    : value;

function checkAllowed(name: string, parameter: TemplateParameter, value: string): void {
  const { AllowedValues, AllowedPattern } = parameter;
  if (AllowedValues && !AllowedValues.map(String).includes(value)) {
    throw new Error(`parameter ${name}: want one of ${AllowedValues.join(', ')}, got ${value}`);
  }
  if (AllowedPattern !== undefined && !new RegExp(`^(?:${AllowedPattern})$`).test(value)) {
    throw new Error(`parameter ${name}: want a text like ${AllowedPattern}, got another`);
  }
}
