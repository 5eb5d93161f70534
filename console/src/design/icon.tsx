import type { JSX } from 'preact';

/** Drawn on a 24 x 24 grid, in strokes. */
const paths = {
  activity: 'M3 12h4l3 8 4-16 3 8h4',
  alert: 'M12 8v5m0 3v.1M10.3 4 2.6 17.5A2 2 0 0 0 4.3 20.5h15.4a2 2 0 0 0 1.7-3L13.7 4a2 2 0 0 0-3.4 0Z',
  check: 'm5 12.5 4.5 4.5L19 7.5',
  clock: 'M12 7v5l3 2M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18Z',
  close: 'M6 6l12 12M18 6 6 18',
  code: 'm8 7-5 5 5 5m8-10 5 5-5 5',
  compare: 'M12 3v18M4 6h4v12H4zM16 6h4v12h-4z',
  copy: 'M9 9h11v11H9zM15 9V4H4v11h5',
  create: 'M12 3v3m0 12v3M3 12h3m12 0h3M12 8.5l1 2.5 2.5 1-2.5 1-1 2.5-1-2.5-2.5-1 2.5-1Z',
  dice: 'M4 4h16v16H4zM8.5 8.5v.1m7 0v.1m-3.5 3.4v.1m-3.5 3.4v.1m7-.1v.1',
  download: 'M12 4v11m-4.5-4L12 15.5 16.5 11M4 20h16',
  gallery: 'M3 5h18v14H3zM3 16l5-5 4 4 3-3 6 5M15.5 9.5v.1',
  history: 'M4 12a8 8 0 1 0 2.5-5.8L4 8.5M4 4v4.5h4.5M12 8v4l3 2',
  image: 'M4 4h16v16H4zM4 16l5-5 4 4 3-3 4 4M9 8.5v.1',
  key: 'M14.5 9.5a5 5 0 1 0-4.2 4.9L12 16h2v2h2v2h4v-4l-5.7-5.7c.1-.3.2-.5.2-.8ZM8 8v.1',
  left: 'm14.5 6-6 6 6 6',
  link: 'M10 14a4 4 0 0 0 6 .5l3-3a4 4 0 0 0-5.7-5.7l-1 1M14 10a4 4 0 0 0-6-.5l-3 3a4 4 0 0 0 5.7 5.7l1-1',
  models: 'M12 3 3 8l9 5 9-5ZM3 12.5l9 5 9-5M3 17l9 5 9-5',
  moon: 'M20 14.5A8.5 8.5 0 1 1 9.5 4a7 7 0 0 0 10.5 10.5Z',
  out: 'M14 4H5v16h9M10 12h11m-3.5-3.5L21 12l-3.5 3.5',
  pen: 'M4 20l1-5L16 4l4 4L9 19Z',
  minus: 'M5 12h14',
  plus: 'M12 5v14M5 12h14',
  redo: 'M20 12a8 8 0 1 1-2.5-5.8L20 8.5M20 4v4.5h-4.5',
  right: 'm9.5 6 6 6-6 6',
  search: 'M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14Zm5 12 4.5 4.5',
  sliders:
    'M4 7h9m5 0h2M4 17h2m5 0h9M15.5 4.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5Zm-7 10a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5Z',
  sun: 'M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8ZM12 2v2m0 16v2M2 12h2m16 0h2M5 5l1.4 1.4m11.2 11.2L19 19M5 19l1.4-1.4M17.6 6.4 19 5',
  system: 'M3 5h18v11H3zM9 20h6m-3-4v4',
  trash: 'M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13M10 11v5m4-5v5',
  upload: 'M12 16V5M7.5 9.5 12 5l4.5 4.5M4 20h16',
  usage: 'M4 20V10m5.5 10V4M15 20v-8m5 8V7',
} as const;

export type IconName = keyof typeof paths;

/** A picture beside words; alone it needs a control with an accessible name around it. */
export function Icon({ name }: { name: IconName }): JSX.Element {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d={paths[name]} />
    </svg>
  );
}
