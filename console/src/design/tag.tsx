import type { ComponentChildren, JSX } from 'preact';

/** A word or two about a thing's state. The colour only repeats what the word says. */
export function Tag(props: {
  tone?: 'good' | 'bad' | 'warn' | 'accent' | undefined;
  title?: string | undefined;
  children: ComponentChildren;
}): JSX.Element {
  return (
    <span class={props.tone === undefined ? 'tag' : `tag tag-${props.tone}`} title={props.title}>
      {props.children}
    </span>
  );
}
