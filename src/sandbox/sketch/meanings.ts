import type { Token } from './tokens.ts';

export function means(token: Token, kind: string, value?: string): boolean {
  return token.meanings.some(
    (meaning) => meaning.kind === kind && (value === undefined || meaning.value === value),
  );
}

export function valuesOf(tokens: readonly Token[], kind: string): string[] {
  return tokens.flatMap((token, index) => {
    if (isNegated(tokens, index)) return [];
    return token.meanings.filter((meaning) => meaning.kind === kind).map((meaning) => meaning.value);
  });
}

/** "flat" is what every picture is anyway, so any other style named wins over it. */
export function lastOf(tokens: readonly Token[], kind: string): string | undefined {
  const values = valuesOf(tokens, kind);
  return values.findLast((value) => value !== 'flat') ?? values.at(-1);
}

export function isNegated(tokens: readonly Token[], index: number): boolean {
  for (let back = index - 1; back >= Math.max(0, index - 2); back--) {
    const before = tokens[back];
    if (!before || means(before, 'break')) return false;
    if (means(before, 'negation')) return true;
  }
  return false;
}
