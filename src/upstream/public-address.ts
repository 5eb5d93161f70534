import ipaddr from 'ipaddr.js';

/**
 * True when an IP address may be connected to on behalf of somebody outside (public-api.md section 4.3):
 * globally reachable unicast, nothing that leads back to this machine, its networks or its cloud provider.
 * Text that is no IP address is not public.
 */
export function isPublicAddress(address: string): boolean {
  // The library takes the ancient `::1.2.3.4` for an IPv4 address; the system connects to something else.
  if (!ipaddr.isValid(address) || /^::\d+\./.test(address)) return false;
  const parsed = ipaddr.parse(address);
  return parsed instanceof ipaddr.IPv6 ? isPublicV6(parsed) : isPublicV4(parsed);
}

function isPublicV4(address: ipaddr.IPv4): boolean {
  // Azure's metadata and DNS server stands at a public address, the same in every network there.
  return address.range() === 'unicast' && address.toString() !== '168.63.129.16';
}

const globalUnicast = ipaddr.IPv6.parseCIDR('2000::/3');
const translated = ipaddr.IPv6.parseCIDR('64:ff9b::/96');

function isPublicV6(address: ipaddr.IPv6): boolean {
  if (address.isIPv4MappedAddress()) return isPublicV4(address.toIPv4Address());
  // NAT64: reaches the IPv4 address in its last four bytes.
  if (address.match(translated)) return isPublicV4(new ipaddr.IPv4(address.toByteArray().slice(12)));
  // Within 2000::/3 the library names what is not plain: 6to4, Teredo, documentation, benchmarks.
  return address.match(globalUnicast) && address.range() === 'unicast';
}

/** True for host names that mean this machine whatever a resolver says (RFC 6761). */
export function isLocalName(hostname: string): boolean {
  return /(^|\.)localhost\.*$/i.test(hostname);
}
