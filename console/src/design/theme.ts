import { createKeptStore } from '../store.ts';

export type Theme = 'system' | 'light' | 'dark';

/** Light, dark, or as the system has it; kept by the browser. */
export const theme = createKeptStore<Theme>('easel.theme', 'system', {
  area: 'local',
  read: (value) => (value === 'light' || value === 'dark' ? value : undefined),
});

/** Dresses the page, now and after each change. */
export function followTheme(): void {
  const apply = (): void => {
    document.documentElement.dataset['theme'] = theme.get();
  };
  apply();
  theme.subscribe(apply);
}
