import { providerSettings, settings, type ProviderSettings, type Setting } from './schema.ts';

/** docs/configuration.md, made from the settings as they are declared. */
export function documentSettings(providers: readonly ProviderSettings[]): string {
  const own = Object.values<Setting<unknown>>(settings);
  const ofProviders = providers.flatMap((provider) =>
    Object.values(providerSettings(provider)).filter((setting) => setting !== undefined),
  );
  return [
    '# Configuration',
    '',
    '<!-- Made from src/config/schema.ts; `UPDATE_DOCS=1 npm test -- src/config` writes it again. -->',
    '',
    'Every setting is an environment variable. None is needed: without any, Easel listens on 127.0.0.1:8080, keeps its data in `./data` and serves every model from its sandbox.',
    'Mistakes are reported all together at the start, by name, never by value, and the program ends with exit code 1. An empty variable counts as not set.',
    '',
    '## The server',
    '',
    ...table(own),
    '',
    '## Providers',
    '',
    "A provider whose credential is set serves its models. The vendor's list price is used for costs at the vendor's own address only; elsewhere a cost is unknown until a route says its price.",
    '',
    ...table(ofProviders),
    '',
    '## The file EASEL_CONFIG names',
    '',
    'A JSON file with the routes of each model, in order, and changes to its card. A call goes to the first route that is in service and has room:',
    '',
    '```json',
    JSON.stringify(example, null, 2),
    '```',
    '',
    '| in a route | what it is |',
    '|---|---|',
    ...routeFields.map(([name, text]) => `| \`${name}\` | ${text} |`),
    '',
    'Routes named here replace the one that the environment would give the model. A route whose credential is not set is a mistake, so that a typing error cannot turn a production server into a sandbox; with `EASEL_SANDBOX=on` such a model is served by the sandbox instead.',
    '',
    'Routes with the same provider, address, credential and upstream model share their limits, the strictest of those given, whatever model they serve: upstreams count per account.',
    '',
    "`card` changes fields of the built-in card of that name (the rest stays), or is a whole card for a new model. A model without a card gets its first provider's open card, where that provider has one. A card's fields are those of `src/core/card.ts`; the built-in cards stand in `src/providers/*/models.ts`.",
    '',
  ].join('\n');
}

function table(rows: readonly Setting<unknown>[]): string[] {
  return [
    '| variable | default | form | what it does |',
    '|---|---|---|---|',
    ...rows.map(
      ({ env, fallback, form, summary, isSecret }) =>
        `| \`${env}\` | ${fallback === undefined ? '' : `\`${fallback}\``} | ${form}${isSecret ? ' (secret)' : ''} | ${summary} |`,
    ),
  ];
}

const example = {
  models: {
    'seedream-4.5': {
      routes: [
        {
          provider: 'ark',
          name: 'primary',
          baseUrl: 'https://ark.ap-southeast.bytepluses.com/api/v3',
          apiKeyEnv: 'ARK_API_KEY',
          model: 'seedream-4-5-251128',
          price: { unit: 'image', amount: '0.040', currency: 'USD' },
        },
        {
          provider: 'ark',
          name: 'europe',
          baseUrl: 'https://ark.eu-west.bytepluses.com/api/v3',
          apiKeyEnv: 'ARK_EU_API_KEY',
        },
      ],
    },
    'kling-image-o1': {
      routes: [
        {
          provider: 'kling',
          name: 'main',
          accessKeyEnv: 'KLING_ACCESS_KEY',
          secretKeyEnv: 'KLING_SECRET_KEY',
          concurrency: 5,
        },
      ],
    },
    'nano-banana-pro': { card: { maxPromptLength: 4000 } },
  },
};

const routeFields: readonly (readonly [string, string])[] = [
  ['provider', 'Which adapter speaks to it.'],
  [
    'name',
    'Your name for the route; with the provider it stands in `X-Served-By` and the records, e.g. `ark/primary`.',
  ],
  ['baseUrl', "The upstream's address; by default the provider's `<NAME>_BASE_URL`."],
  ['apiKeyEnv', "The variable that holds the key; by default the provider's `<NAME>_API_KEY`."],
  ['accessKeyEnv, secretKeyEnv', 'The same for a pair of keys (Kling).'],
  [
    'keyless',
    'True: this server wants no key, and none is sent (provider `openai`). A route with its own `baseUrl` says either this or `apiKeyEnv` there: the key meant for one server is not shown to another.',
  ],
  ['model', "The upstream's own model id; by default the card's."],
  [
    'upstreamFields',
    'Fields that every request to this server says besides what the caller asked (provider `openai`); they change those of the card, and null takes one away, e.g. `{"response_format": null}`.',
  ],
  [
    'price',
    'One row or a list: `{"unit": "image", "amount", "currency", "size"?, "quality"?}` or `{"unit": "million_tokens", "input"?, "output", "ceiling"?, "currency"}`. None: unknown, and a cost is null. `ceiling` is the most one image can cost, which a budget in money needs to know.',
  ],
  [
    'downloadOrigins',
    "Origins that results may be fetched from besides public hosts and the base URL's own.",
  ],
  [
    'concurrency',
    'The most images (Kling) or calls at once; a larger `n` is split, and what has no room waits for its turn.',
  ],
  ['imagesPerMinute', 'The most images within any minute; what would be more waits for its turn.'],
  [
    'weight',
    'A whole number, 1 to 1000: its share of the calls among the routes that have one. Routes without it keep their place in the list.',
  ],
  ['watermarkFree', 'True: the upstream grants this account pictures without its watermark (GLM-Image).'],
];
