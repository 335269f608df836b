import { STATUS_CODES } from 'node:http';

/** What goes back to the client. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Bytes are sent as they are, anything else as JSON; absent for none. */
  readonly body?: unknown;
}

/** A problem document of the service's own, for what is no conflict. Source: RFC 9457 */
export function problem(status: number, detail?: string, headers: Readonly<Record<string, string>> = {}): Answer {
  return {
    status,
    headers: { 'Content-Type': 'application/problem+json', 'Cache-Control': 'no-store', ...headers },
    body: { type: 'about:blank', title: STATUS_CODES[status], status, ...(detail !== undefined && { detail }) },
  };
}
