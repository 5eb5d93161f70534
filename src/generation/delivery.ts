import { GatewayError } from '../core/errors.ts';
import { deliveredForm, formatOf } from '../core/image-copy.ts';
import type { ImageFormat } from '../core/image-format.ts';
import type { Log } from '../core/log.ts';
import type { ObjectReader } from '../core/object-store.ts';
import type { GenerationRecord, StoredImage, Warning } from '../core/record.ts';
import type { PictureFiles } from './picture-files.ts';

/** An image as a reply to a create request holds it. */
export interface Delivery {
  format: ImageFormat;
  /** To be closed by the caller. */
  reader: ObjectReader;
  /** The image is not in the format asked for. */
  warning: Warning | undefined;
}

/**
 * Opens an image of a finished generation in the format that its request asked for. It was paid for, so one that
 * cannot be converted is delivered as it was made, and said so: an error would make clients pay once more.
 * Throws GatewayError when the original cannot be had: never one of 5xx, on which clients buy again.
 */
export async function openDelivery(
  record: GenerationRecord,
  image: StoredImage,
  { pictures, log }: { pictures: PictureFiles; log: Log },
): Promise<Delivery> {
  const form = deliveredForm(record, image);
  try {
    // It was paid for, and is not sent away because others want thumbnails.
    return { ...(await pictures.open(record.id, image, form, { isDue: true })), warning: undefined };
  } catch (error) {
    if (form === undefined) throw pictureUnreadable(error);
    log.error(
      { generation: record.id, index: image.index, error },
      'An image could not be converted and is delivered as it was made.',
    );
  }
  const original = await pictures.open(record.id, image, undefined).catch((error: unknown) => {
    throw pictureUnreadable(error);
  });
  const [requested, used] = [formatOf(image, form), image.format];
  const message = `Image ${image.index} could not be converted to '${requested}' and is given as it was made, '${used}'.`;
  return { ...original, warning: { param: 'output_format', requested, used, message } };
}

/** A picture that was paid for and cannot be read now. */
export function pictureUnreadable(cause: unknown): GatewayError {
  return new GatewayError(
    'outcome_unknown',
    'The image was made, but this server cannot read it now. Do not ask for it again: look at GET /v1/images, or ask the operator to run `npm run easel -- check`.',
    { cause, details: String(cause) },
  );
}
