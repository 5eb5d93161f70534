import type { ComponentChildren, JSX } from 'preact';
import type { AdminModel } from '../../../src/http/admin/wire.ts';
import { Tag } from '../design/tag.tsx';

/** A model's names, and whether what it makes are sketches. */
export function ModelHead(props: {
  model: Pick<AdminModel, 'id' | 'display_name' | 'sandbox'>;
  children?: ComponentChildren;
}): JSX.Element {
  const { id, display_name: name, sandbox } = props.model;
  return (
    <header class="model-head">
      <h2>{name}</h2>
      {name !== id && <code class="soft">{id}</code>}
      {sandbox && <Tag title="Drawn by a simulator, free of charge">sandbox</Tag>}
      {props.children}
    </header>
  );
}
