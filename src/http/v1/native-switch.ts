import type { IncomingHttpHeaders } from 'node:http';
import { GatewayError } from '../../core/errors.ts';

const names = ['native-params', 'token360-native-params'];
const on = new Set(['true', '1', 'yes', 'on']);
const off = new Set(['', 'false', '0', 'no', 'off']);

/** Whether the body is the upstream's own JSON. Two headers that disagree, or another word: 400 (public-api.md section 6). */
export function readNativeSwitch(headers: IncomingHttpHeaders): boolean {
  if (names.every((name) => headers[name] === undefined)) return false;
  const values = names.flatMap((name) => {
    const value = headers[name];
    return value === undefined ? [] : String(value).split(',');
  });
  const read = values.map((value) => {
    const word = value.trim().toLowerCase();
    if (on.has(word)) return true;
    if (off.has(word)) return false;
    throw new GatewayError('invalid_value', "The header 'Native-Params' must be true or false.", {
      param: 'Native-Params',
    });
  });
  if (new Set(read).size > 1) {
    throw new GatewayError(
      'invalid_value',
      "The headers 'Native-Params' and 'Token360-Native-Params' disagree.",
      { param: 'Native-Params' },
    );
  }
  return read[0] ?? false;
}

/** The same for who cannot refuse a switch that says nothing clear: that is done in its place among the checks. */
export function saysNative(headers: IncomingHttpHeaders): boolean {
  try {
    return readNativeSwitch(headers);
  } catch {
    return false;
  }
}

/** For a body that is no JSON object, or an empty one. */
export function nativeBodyRequired(): GatewayError {
  return new GatewayError(
    'native_body_required',
    'JSON object body is required when Native-Params is enabled',
  );
}
