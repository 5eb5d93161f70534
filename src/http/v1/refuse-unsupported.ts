import type { Card } from '../../core/card.ts';
import { GatewayError } from '../../core/errors.ts';
import { fields } from './fields.ts';
import { isObject, spellingOf, type Given } from './given-fields.ts';

/** A parameter the model does not have is refused unless its value asks for nothing; so is a field nobody knows (public-api.md section 5). */
export function refuseUnsupported(given: Given, card: Card): void {
  for (const field of fields) {
    const value = given.values[field.name];
    if (value === undefined || isExposed(field.name, field.exposed, card) || field.asksForNothing(value))
      continue;
    const param = spellingOf(given, field.name);
    throw new GatewayError(
      'unsupported_parameter',
      field.name === 'reference_images'
        ? `Model '${card.id}' makes images from text only; it takes no input images.`
        : `Parameter '${param}' is not available for model '${card.id}'.`,
      { param },
    );
  }
  refuseProviderOptions(given, card);
  const [unknown] = given.unknown;
  if (unknown !== undefined) {
    const param = unknown.slice(0, 100);
    throw new GatewayError(
      'unknown_parameter',
      `Unknown parameter: '${param}'. GET /v1/models shows what model '${card.id}' takes.`,
      { param },
    );
  }
}

/** Whether the model has the field. */
export function isExposed(name: string, exposed: 'always' | 'card', card: Card): boolean {
  if (name === 'reference_images') return card.inputImages.max > 0;
  return exposed === 'always' || card.parameters[name] !== undefined;
}

function refuseProviderOptions(given: Given, card: Card): void {
  const options = given.values['provider_options'];
  if (options === undefined) return;
  const param = 'provider_options';
  if (!isObject(options)) {
    throw new GatewayError('invalid_type', `'${param}' must be an object.`, { param });
  }
  for (const [provider, values] of Object.entries(options)) {
    const place = `${param}.${provider}`.slice(0, 120);
    if (!isObject(values))
      throw new GatewayError('invalid_type', `'${place}' must be an object.`, { param: place });
    const [name] = Object.keys(values).filter((name) => !isAllowedOption(card, provider, name));
    if (name !== undefined || !Object.hasOwn(card.providerOptions, provider)) {
      const at = name === undefined ? place : `${place}.${name}`.slice(0, 240);
      throw new GatewayError('unsupported_parameter', `'${at}' may not be passed to model '${card.id}'.`, {
        param: at,
      });
    }
  }
}

/** Whether the card lets a raw field of the provider through. Own names only: 'constructor' is a member of every object. */
export function isAllowedOption(card: Card, provider: string, name: string): boolean {
  const allowed = Object.hasOwn(card.providerOptions, provider) ? card.providerOptions[provider] : undefined;
  return allowed?.includes(name) === true;
}
