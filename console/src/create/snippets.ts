import type { CreateBody } from './run.ts';

/** The same request as a program would send it. The key is never in it: it is read from EASEL_API_KEY. */

export type Language = 'curl' | 'typescript' | 'python';

/** Fields that OpenAI's Python client knows; the others go through `extra_body`. */
const known = new Set([
  'model',
  'prompt',
  'n',
  'size',
  'quality',
  'response_format',
  'output_format',
  'background',
  'moderation',
  'output_compression',
  'style',
  'user',
]);

/** `origin` is the gateway's, e.g. `http://127.0.0.1:8080`. */
export function snippet(language: Language, body: CreateBody, origin: string): string {
  switch (language) {
    case 'curl':
      return [
        `curl ${origin}/v1/images/generations \\`,
        `  -H "Authorization: Bearer $EASEL_API_KEY" \\`,
        `  -H "Content-Type: application/json" \\`,
        `  -d ${inShell(JSON.stringify(body, null, 2))}`,
      ].join('\n');
    case 'typescript':
      return [
        `import OpenAI from 'openai';`,
        ``,
        `const easel = new OpenAI({ baseURL: '${origin}/v1', apiKey: process.env.EASEL_API_KEY });`,
        `const request = ${inScript(body, 0)};`,
        `const made = await easel.images.generate(request as OpenAI.ImageGenerateParamsNonStreaming);`,
        `console.log(made.data?.map((image) => image.url));`,
      ].join('\n');
    case 'python':
      return inPython(body, origin);
  }
}

function inPython(body: CreateBody, origin: string): string {
  const own = Object.entries(body).filter(([name]) => known.has(name));
  const extra = Object.entries(body).filter(([name]) => !known.has(name));
  return [
    `import os`,
    `from openai import OpenAI`,
    ``,
    `easel = OpenAI(base_url="${origin}/v1", api_key=os.environ["EASEL_API_KEY"])`,
    `made = easel.images.generate(`,
    ...own.map(([name, value]) => `    ${name}=${pythonValue(value, 1)},`),
    ...(extra.length === 0 ? [] : [`    extra_body=${pythonValue(Object.fromEntries(extra), 1)},`]),
    `)`,
    `print([image.url for image in made.data])`,
  ].join('\n');
}

/** One word for a POSIX shell, whatever stands in it. */
function inShell(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

function inScript(value: unknown, depth: number): string {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    const pad = '  '.repeat(depth + 1);
    const lines = Object.entries(value).map(
      ([name, item]) =>
        `${pad}${isWord(name) ? name : JSON.stringify(name)}: ${inScript(item, depth + 1)},\n`,
    );
    return lines.length === 0 ? '{}' : `{\n${lines.join('')}${'  '.repeat(depth)}}`;
  }
  if (Array.isArray(value)) return `[${value.map((item) => inScript(item, depth)).join(', ')}]`;
  return JSON.stringify(value);
}

function pythonValue(value: unknown, depth: number): string {
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (Array.isArray(value)) return `[${value.map((item) => pythonValue(item, depth)).join(', ')}]`;
  if (typeof value === 'object') {
    const pad = '    '.repeat(depth + 1);
    const lines = Object.entries(value).map(
      ([name, item]) => `${pad}${JSON.stringify(name)}: ${pythonValue(item, depth + 1)},\n`,
    );
    return lines.length === 0 ? '{}' : `{\n${lines.join('')}${'    '.repeat(depth)}}`;
  }
  return JSON.stringify(value);
}

function isWord(name: string): boolean {
  return /^[a-z_]\w*$/i.test(name);
}
