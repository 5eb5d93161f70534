import type { AdminRoute } from '../../../src/http/admin/wire.ts';

/** A route's state in words, and how loud they are. */
export function stateWords(state: AdminRoute['state']): { text: string; tone: 'good' | 'warn' | 'bad' } {
  switch (state) {
    case 'ready':
      return { text: 'Ready', tone: 'good' };
    case 'probing':
      return { text: 'Being tried', tone: 'warn' };
    case 'out_of_service':
      return { text: 'Out of service', tone: 'bad' };
  }
}

/** The faults of docs/routes.md that keep a route from being asked. */
const faultWords: Readonly<Record<string, string>> = {
  not_sent: 'its upstream cannot be reached',
  overloaded: 'its upstream is overloaded',
  quota: 'its quota is used up',
  billing: 'its account was refused for a billing reason',
  auth: 'its credential was refused',
  misconfigured: 'its upstream does not know the model or the address',
};

export function faultText(fault: string): string {
  return faultWords[fault] ?? fault.replaceAll('_', ' ');
}

/** When a route that is out of service is asked again: `in 32 s`, `in 4 min`, `with the next request`. */
export function retryText(untilSeconds: number | null, nowMs: number): string {
  const seconds = untilSeconds === null ? 0 : Math.ceil(untilSeconds - nowMs / 1000);
  if (seconds <= 0) return 'with the next request';
  return seconds < 100 ? `in ${seconds} s` : `in ${Math.ceil(seconds / 60)} min`;
}

/** `0 %`, `2.5 %`; a dash where nothing was asked. */
export function errorRateText({ calls, failed }: Pick<AdminRoute['recent'], 'calls' | 'failed'>): string {
  if (calls === 0) return '—';
  const percent = (failed / calls) * 100;
  return `${percent === 0 || percent >= 10 ? Math.round(percent) : percent.toFixed(1)} %`;
}
