import type { Cost } from './price.ts';

/** An API key as it is kept: the secret itself is not, only its SHA-256. */
export interface ApiKey {
  /** Internal id; records belong to it, so that a new secret keeps them. */
  id: string;
  name: string;
  state: 'active' | 'frozen' | 'deleted';
  /** Lower-case hex. */
  secretHash: string;
  /** The secret's last four characters, for people. */
  hint: string;
  createdAtMs: number;
  expiresAtMs: number | undefined;
  /** Models it may use; undefined: all. */
  models: readonly string[] | undefined;
  /** Where a request says nothing; undefined: as the server's setting says. */
  parameterHandling: ParameterHandling | undefined;
  limits: KeyLimits;
}

/** What a key may take at most; absent: no limit (public-api.md section 9). */
export interface KeyLimits {
  requestsPerMinute?: number;
  imagesPerMinute?: number;
  /** Generations at once. */
  concurrency?: number;
  /** The most its images may cost within the budget's period; images of the sandbox cost nothing. */
  budget?: Cost;
  /** Images within the budget's period. */
  budgetImages?: number;
  /** What both budgets are for: all the key's time (so when absent), or each calendar month (UTC). */
  budgetPeriod?: 'total' | 'month';
}

/** What becomes of a parameter that a model cannot meet: refused, or met nearly and said so (public-api.md section 5). */
export type ParameterHandling = 'strict' | 'lenient';

/** Where keys live. Changes are durable when the promise resolves and hold from the next request on. */
export interface KeyStore {
  /** `name_taken`: a living key has the name. Throws RecordStoreError `taken` when one has the secret. */
  add(key: ApiKey): Promise<'added' | 'name_taken'>;
  /** By the hash of a presented secret; deleted keys are not found. */
  findByHash(secretHash: string): Promise<ApiKey | undefined>;
  /** By name or id; deleted keys are not found. */
  find(nameOrId: string): Promise<ApiKey | undefined>;
  list(): Promise<ApiKey[]>;
  /** False: no such living key. Throws RecordStoreError `taken` when another one has the new name or secret. */
  change(id: string, change: Partial<Omit<ApiKey, 'id' | 'createdAtMs'>>): Promise<boolean>;
}

/** Small secrets of the installation, made once, e.g. the one that signs URLs. */
export interface SettingStore {
  /** The value under this name; the first caller's `make()` is kept, also when two processes start at once. */
  getOrMake(name: string, make: () => string): Promise<string>;
}
