import type { RouteTable } from '../server.ts';
import type { HttpTools } from '../tools.ts';
import { activityRoutes } from './activity.ts';
import { auditRoutes } from './audit.ts';
import { adminImageRoutes } from './images.ts';
import { keyRoutes } from './keys.ts';
import { adminModelRoutes } from './models.ts';
import { secondsRoutes } from './seconds.ts';
import { sessionRoutes } from './session.ts';
import { adminUsageRoutes } from './usage.ts';
import { adminWebhookRoutes } from './webhooks.ts';

/** The admin API. Who may ask what stands in authorize.ts: where nothing is said, the admin alone. */
export function adminRoutes(tools: HttpTools): RouteTable {
  return {
    ...sessionRoutes(tools),
    ...keyRoutes(tools),
    ...adminImageRoutes(tools),
    ...adminModelRoutes(tools),
    ...adminUsageRoutes(tools),
    ...activityRoutes(tools),
    ...secondsRoutes(tools),
    ...adminWebhookRoutes(tools),
    ...auditRoutes(tools),
  };
}
