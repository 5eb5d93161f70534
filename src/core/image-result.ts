import type { UpstreamFault } from './fault.ts';
import type { ObjectDraft } from './object-store.ts';
import type { Warning } from './record.ts';

/** Tokens as an upstream reports them; what it does not report is absent. */
export interface TokenUsage {
  inputTokens?: number;
  outputTokens?: number;
  totalTokens?: number;
}

/** One image of a call as a provider hands it over. `position` counts from 0 within the call. */
export type CallImage =
  /** To be fetched; the link expires. */
  | { kind: 'link'; position: number; url: string; revisedPrompt?: string }
  /** Came inside the answer and was decoded into a draft while it arrived. */
  | { kind: 'held'; position: number; draft: ObjectDraft; revisedPrompt?: string }
  /** This one failed, its siblings may have been made. */
  | { kind: 'failed'; position: number; fault: UpstreamFault };

/** What one call brought. */
export interface CallResult {
  images: readonly CallImage[];
  /** The model id the upstream's answer names. */
  model?: string;
  usage?: TokenUsage;
  /** What the upstream did otherwise than asked; the images are delivered all the same, they were paid for. */
  warnings?: readonly Warning[];
  /** The upstream's own id of the work, for the log and for support. */
  upstreamId?: string;
}
