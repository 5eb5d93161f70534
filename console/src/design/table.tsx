import type { ComponentChildren, JSX } from 'preact';

export interface Column<Row> {
  title: string;
  /** Set to the end, with figures of equal width. */
  isNumber?: boolean;
  cell: (row: Row) => ComponentChildren;
}

/** Rows and columns; the first column names the row. It scrolls by itself where it is too wide. */
export function Table<Row>(props: {
  /** What the table is of, for those who cannot see it. */
  caption: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  keyOf: (row: Row) => string;
}): JSX.Element {
  const { caption, columns, rows, keyOf } = props;
  return (
    // It can be scrolled by keys only when it can be reached by them.
    <div class="table-frame" tabIndex={0} role="region" aria-label={caption}>
      <table class="table">
        <caption class="visually-hidden">{caption}</caption>
        <thead>
          <tr>
            {columns.map(({ title, isNumber }) => (
              <th key={title} scope="col" class={isNumber ? 'number' : undefined}>
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)}>
              {columns.map(({ title, isNumber, cell }, i) =>
                i === 0 ? (
                  <th key={title} scope="row">
                    {cell(row)}
                  </th>
                ) : (
                  <td key={title} class={isNumber ? 'number' : undefined}>
                    {cell(row)}
                  </td>
                ),
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
