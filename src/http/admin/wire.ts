/**
 * What the admin API (`/admin/...`, for the console and for scripts of the operator) sends and takes. Times are Unix
 * seconds, amounts decimals with six places, as under /v1. Errors are those of public-api.md section 3.
 *
 * Who may call: the admin key as `Authorization: Bearer`, or the cookie of a session that was opened with it, or with
 * the one-time link that `npm start` prints. A session of an API key reaches `/admin/session` only. Every change that
 * a cookie authorises needs the header `x-csrf-token`, under /v1 too.
 */

/** POST /admin/session: exactly one of them. */
export interface SignIn {
  /** The admin key or an API key. */
  key?: string;
  /** From the one-time link, `/#sign-in=...`. */
  link?: string;
}

/** GET and POST /admin/session, and what changes it. 401 without one. */
export interface Session {
  object: 'session';
  role: 'admin' | 'key';
  /** The API key it stands for under /v1; an admin's is at first the built-in one named `console`. */
  acting_key: { id: string; name: string };
  /** To be sent as `x-csrf-token` with everything but GET and HEAD. */
  csrf_token: string;
  expires_at: number;
  /** True when this server draws sketches for at least one model. */
  sandbox: boolean;
  version: string;
}

/** PUT /admin/session/acting-key: whom an admin's session stands for from now on. Reply: Session. DELETE /admin/session: signed out, 204. */
export interface ActingKeyChoice {
  key_id: string;
}

export interface List<Item> {
  object: 'list';
  data: readonly Item[];
}

export interface Money {
  amount: string;
  currency: string;
}

/** GET /admin/keys -> List<Key>; GET /admin/keys/{id} -> Key. */
export interface Key {
  object: 'key';
  id: string;
  name: string;
  state: 'active' | 'frozen';
  /** The secret's last four characters. */
  hint: string;
  /** True for `env` and `console`, which the server looks after itself: they cannot be renamed, rotated or deleted. */
  built_in: boolean;
  created_at: number;
  expires_at: number | null;
  /** Models it may use; null: all. */
  models: readonly string[] | null;
  parameter_handling: 'strict' | 'lenient' | null;
  limits: KeyLimits;
  /** What counts against the budgets in their period; null where no such budget is set. */
  budget_used: { images: number; cost: Money | null } | null;
}

/** null: no limit. */
export interface KeyLimits {
  requests_per_minute: number | null;
  images_per_minute: number | null;
  concurrency: number | null;
  budget: Money | null;
  budget_images: number | null;
  budget_period: 'total' | 'month' | null;
}

/** POST /admin/keys -> 201 KeyWithSecret; PATCH /admin/keys/{id} (fields not named stay) -> Key. */
export interface KeyChange {
  /** 1..64 characters; needed to create. */
  name?: string;
  /** PATCH only. */
  state?: 'active' | 'frozen';
  expires_at?: number | null;
  models?: readonly string[] | null;
  parameter_handling?: 'strict' | 'lenient' | null;
  limits?: Partial<KeyLimits>;
}

/** POST /admin/keys and POST /admin/keys/{id}/rotate: the secret is shown this once. DELETE /admin/keys/{id} -> 204. */
export interface KeyWithSecret extends Key {
  secret: string;
}

/**
 * GET /admin/images?key=&cost_min=&cost_max=&... -> ImagePage: every key's records, newest first, with the query of GET /v1/images
 * (limit, order, after, before, status, model, q, created_after, created_before) besides; `key` is a key's id.
 * GET and DELETE /admin/images/{id} and GET /admin/images/{id}/content are those of /v1, for any key's record.
 */
export interface ImageOwner {
  /** `name` is null once the key is gone. */
  key: { id: string; name: string | null };
}

/** GET /admin/models -> List<AdminModel>: every model of the catalog with its routes, in the order they are asked. */
export interface AdminModel {
  id: string;
  display_name: string;
  available: boolean;
  sandbox: boolean;
  routes: readonly AdminRoute[];
}

export interface AdminRoute {
  /** `ark/primary`, as in X-Served-By. */
  label: string;
  provider: string;
  upstream_model: string;
  state: 'ready' | 'probing' | 'out_of_service';
  /** Why it is out of service and when it is tried again. */
  mark: { fault: string; until: number | null } | null;
  /** Calls that take a slot now, and how many it has; null: no limit. */
  in_flight: number;
  slots: number | null;
  /** Since this process started, at most the last hour. */
  recent: {
    calls: number;
    failed: number;
    /** Milliseconds; null without a call. */
    latency_p50_ms: number | null;
    latency_p95_ms: number | null;
  };
  pricing: readonly { unit: string; amount: string; currency: string }[];
  /** Newest first, at most five. `advice` says what the operator can do about it. */
  last_errors: readonly { at: number; reason: string; message: string; advice: string | null }[];
}

/**
 * GET /admin/usage?from=&to=&key= -> List<AdminUsageRow>: by day, key and model (UTC dates, as GET /v1/usage).
 * `Accept: text/csv` or `format=csv`: the same as CSV.
 */
export interface AdminUsageRow {
  date: string;
  key: { id: string; name: string | null };
  model: string;
  requests: number;
  images: number;
  failed: number;
  unknown: number;
  output_tokens: number;
  cost: Money | null;
  /** Of the records that are still kept; null where none is. */
  latency_p50_ms: number | null;
  latency_p95_ms: number | null;
}

/** GET /admin/activity -> Activity. Cheap: made for being asked every second or two. */
export interface Activity {
  object: 'activity';
  in_flight: readonly InFlightGeneration[];
  /** Generations that ended lately, newest first, at most 20. */
  finished: readonly FinishedGeneration[];
}

export interface InFlightGeneration {
  id: string;
  key: { id: string; name: string | null };
  model: string;
  prompt: string;
  created_at: number;
  calls: readonly {
    number: number;
    step: 'open' | 'sent' | 'waiting' | 'storing' | 'done' | 'failed';
    route: string | null;
    images: number;
    attempts: number;
  }[];
}

export interface FinishedGeneration {
  id: string;
  key: { id: string; name: string | null };
  model: string;
  prompt: string;
  status: 'completed' | 'failed';
  /** The error's message; null when it completed. */
  error: string | null;
  images: number;
  created_at: number;
  duration_ms: number | null;
}

/** GET /admin/webhooks -> List<Delivery>, newest first, at most 100; POST /admin/webhooks/{id}/redeliver -> Delivery. */
export interface Delivery {
  id: string;
  image_id: string;
  key: { id: string; name: string | null };
  /** Origin and path only: a query may hold a secret. */
  url: string;
  state: 'waiting' | 'pending' | 'delivered' | 'given_up';
  attempts: number;
  next_at: number | null;
  created_at: number;
  last_status: number | null;
  last_error: string | null;
}

/** GET /admin/audit -> List<AuditEntry>, newest first; `limit` (1..100), `before` an entry's id. */
export interface AuditEntry {
  id: string;
  at: number;
  /** `admin key`, `console session` or `command line`. */
  actor: string;
  /** e.g. `key.create`, `key.freeze`, `image.delete`, `webhook.redeliver`, `session.sign_in`, `session.refused`. */
  action: string;
  /** The id of what it was done to. */
  target: string | null;
  /** A few words for people; never a secret or a prompt. */
  detail: string | null;
}

/**
 * GET /admin/seconds?model= -> UsualTime: how long such a generation usually takes, from the records kept. Sessions of
 * an API key may ask too, for what they may use.
 */
export interface UsualTime {
  model: string;
  /** null: nothing to go by. */
  usual_ms: number | null;
}
