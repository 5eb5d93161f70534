import { currentSession } from '../session/session.ts';

/** Where kept records are read: an admin's session sees every key's, another one its own. */
export function imagesPath(): string {
  return currentSession()?.role === 'admin' ? '/admin/images' : '/v1/images';
}
