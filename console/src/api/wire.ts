import type * as shapes from '../../../src/http/v1/wire-schemas.ts';
import type { Wire } from '../../../src/http/v1/wire-schemas.ts';

/** The shapes of /v1 that the screens show; those of /admin are imported from src/http/admin/wire.ts. */
export type Model = Wire<typeof shapes.model>;
export type ModelList = Wire<typeof shapes.modelList>;
export type ImageRecord = Wire<typeof shapes.imageRecord>;
export type KeptImage = Wire<typeof shapes.keptImage>;
export type ImageList = Wire<typeof shapes.recordList>;
export type Warning = Wire<typeof shapes.warning>;
export type Asset = Wire<typeof shapes.asset>;
export type UsageList = Wire<typeof shapes.usageList>;
