import type { RouteTable } from '../server.ts';
import type { HttpTools } from '../tools.ts';
import { keyRoutes } from './keys.ts';
import { sessionRoutes } from './session.ts';

/** The admin API. Who may ask what stands in authorize.ts: where nothing is said, the admin alone. */
export function adminRoutes(tools: HttpTools): RouteTable {
  return { ...sessionRoutes(tools), ...keyRoutes(tools) };
}
