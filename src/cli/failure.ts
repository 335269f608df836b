/** What ends the command: one line for the user, never a stack, never a secret. */
export class Failure extends Error {
  /** A sentence that says what to do about it. */
  readonly hint: string | undefined;

  constructor(message: string, hint?: string) {
    super(message);
    this.hint = hint;
  }
}

/** The command was called wrongly. */
export class UsageError extends Failure {}

/** The first line of what an error says, cut to a line's length. */
export function lineOf(error: unknown): string {
  const { message } = (error ?? {}) as { message?: unknown };
  const text = typeof message === 'string' && message !== '' ? message : String((error as { code?: unknown })?.code);
  const [line = ''] = text.split('\n');
  return line.length > LONGEST ? `${line.slice(0, LONGEST)}…` : line;
}

const LONGEST = 200;
