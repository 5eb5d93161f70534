/**
 * Addresses by which screens lead to each other. Ids are `img_...` of records; `index` is the place of an image in its
 * record, as under /v1.
 */

/** Create, with this image of a kept record as its input. The session must be able to read the record. */
export function createFromLink(id: string, index: number): string {
  return `/?${new URLSearchParams({ from: id, index: String(index) }).toString()}`;
}

/** The gallery, with this record open. */
export function pictureLink(id: string, index = 0): string {
  const query = { image: id, ...(index === 0 ? {} : { index: String(index) }) };
  return `/gallery?${new URLSearchParams(query).toString()}`;
}
