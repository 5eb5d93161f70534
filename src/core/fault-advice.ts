import type { FaultKind, UpstreamFault } from './fault.ts';
import type { ProviderFacts } from './provider.ts';

/** What is known of the upstream an advice is about. */
type Upstream = Pick<ProviderFacts, 'name' | 'title' | 'envPrefix'>;

/** What an operator can do about each kind of fault; undefined: nothing, it is between the caller and the upstream. */
const adviceTable: Readonly<Record<FaultKind, ((title: string, envPrefix: string) => string) | undefined>> = {
  not_sent: (title) =>
    `${title} could not be reached. Look at the route's address, the network, and a proxy in between.`,
  throttled: (title) =>
    `${title} is asked more often than the account may. Tell the route its limits (concurrency, imagesPerMinute), or have them raised there.`,
  overloaded: (title) =>
    `${title} is overloaded. That usually passes; a second route for the model takes over meanwhile.`,
  quota: (title) => `The quota at ${title} is used up. It is renewed with time, or raised there.`,
  billing: (title) => `${title} refuses until it is paid. Top up the account, or settle what is due.`,
  auth: (title, envPrefix) =>
    `${title} does not take the credential. Look at ${envPrefix}_API_KEY, or at the variable that the route names.`,
  misconfigured: (title) =>
    `${title} does not offer this model to this account. Open it there, or correct the route's model and address.`,
  content: undefined,
  parameter: () =>
    "It refused a parameter that the model's card allows. If that goes on, the card is out of date; EASEL_CONFIG can correct it.",
  failed: undefined,
  bad_reply: (title) =>
    `What it answered could not be read, and may have been charged. If that goes on, ${title} has changed its API.`,
  unknown: (title) =>
    `Nobody knows whether it was made and charged. The bill at ${title} says so; nothing was sent again.`,
};

/** In the provider's own words where it has some for just this refusal. */
export function faultAdvice(
  fault: UpstreamFault,
  { name, title = name, envPrefix }: Upstream,
): string | undefined {
  return fault.facts.advice ?? adviceTable[fault.kind]?.(title, envPrefix);
}
