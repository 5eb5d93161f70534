/**
 * A signed link as this page can load it: with EASEL_PUBLIC_URL the gateway names another origin than the one the
 * page came from, while the policy allows the page's own. The signature covers path and query only.
 */
export function ownLink(url: string): string {
  const { pathname, search } = new URL(url, location.origin);
  return pathname.startsWith('/v1/files/') ? `${pathname}${search}` : url;
}
