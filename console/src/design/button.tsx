import type { AnchorHTMLAttributes, ButtonHTMLAttributes, ComponentChildren, JSX } from 'preact';
import { Icon, type IconName } from './icon.tsx';

interface Look {
  kind?: 'plain' | 'primary' | 'danger' | 'quiet' | undefined;
  size?: 'small' | undefined;
  icon?: IconName | undefined;
  /** The words on it. */
  children?: ComponentChildren;
  /** The accessible name of one that shows only its icon. */
  label?: string | undefined;
}

type ButtonProps = Look & Omit<ButtonHTMLAttributes, keyof Look>;

/** Does something on this page. A `type="submit"` sends its form. */
export function Button({ kind, size, icon, label, children, ...rest }: ButtonProps): JSX.Element {
  return (
    <button type="button" {...rest} {...named(label)} class={classOf({ kind, size, icon, children })}>
      {icon && <Icon name={icon} />}
      {children}
    </button>
  );
}

type LinkProps = Look & Omit<AnchorHTMLAttributes, keyof Look>;

/** Goes somewhere, or downloads, but looks like a button. */
export function LinkButton({ kind, size, icon, label, children, ...rest }: LinkProps): JSX.Element {
  return (
    <a {...(rest as AnchorHTMLAttributes)} {...named(label)} class={classOf({ kind, size, icon, children })}>
      {icon && <Icon name={icon} />}
      {children}
    </a>
  );
}

function named(label: string | undefined) {
  return label === undefined ? {} : { 'aria-label': label, title: label };
}

function classOf({ kind = 'plain', size, children }: Look): string {
  const isIconAlone = children === undefined;
  return `button button-${kind}${size ? ` button-${size}` : ''}${isIconAlone ? ' button-icon' : ''}`;
}
