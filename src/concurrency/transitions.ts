import { notFound } from '../conflict-error.ts';
import type { Context } from '../context.ts';
import { type Conflicts, unbound } from '../define-conflicts.ts';
import { isRecord, nearest, shown } from '../validate.ts';
import { decide } from './updated.ts';

type Awaitable<T> = T | Promise<T>;

/** A step of a state machine. */
export interface Transition<Status extends string = string> {
  /** The states that it leads out of. */
  readonly from: readonly Status[];
  /** The state that it leads to. */
  readonly to: Status;
}

/** Options of {@link Transitions.assertUpdated}. */
export interface TransitionOptions<Found extends Awaitable<string | null | undefined>> {
  /**
   * Loads the row's status as it is now; `undefined` or `null` where there is no such row. In a transaction of MySQL or
   * MariaDB read it with FOR UPDATE, or outside of the transaction: its snapshot may have the old one.
   */
  readonly current: () => Found;
  /** The application's own name of what the request is about. */
  readonly resource?: string;
  readonly context?: Context;
  /** What to throw where the row is gone. @default an http-errors 404 */
  readonly gone?: () => unknown;
  /** What answers. @default the functions of the package root */
  readonly conflicts?: Pick<Conflicts, 'conflict'>;
}

/** A table of transitions. The check is the database's own: read-then-write has a gap, `UPDATE … WHERE` has none. */
export interface Transitions<Name extends string, Status extends string> {
  /** For the WHERE clause: `UPDATE orders SET status = 'cancelled' WHERE id = ? AND status IN (…)`. */
  from(name: Name): readonly Status[];
  /** For the SET clause. */
  to(name: Name): Status;
  /** What can be done in this state. */
  allowed(status: string): readonly Name[];
  /**
   * Returns where the statement changed a row, and else finds out why it did not. Synchronous where `current` is; else await it.
   *
   * @throws {ConflictError} `invalid_state`, with the current status and what it allows
   * @throws what `gone` gives, where there is no such row
   */
  assertUpdated<Found extends Awaitable<string | null | undefined>>(
    name: Name,
    result: unknown,
    options: TransitionOptions<Found>,
  ): Found extends Promise<unknown> ? Promise<void> | undefined : void;
}

/**
 * Names the transitions of a resource:
 * `defineTransitions({ ship: { from: ['paid'], to: 'shipped' }, cancel: { from: ['pending', 'paid'], to: 'cancelled' } })`.
 *
 * @throws {TypeError} for a transition without `from` or `to`
 */
export function defineTransitions<const Name extends string, const Status extends string>(
  table: Readonly<Record<Name, Transition<Status>>>,
): Transitions<Name, Status> {
  const names = Object.keys(table) as Name[];
  for (const name of names) {
    const transition: unknown = table[name];
    if (!isRecord(transition) || !Array.isArray(transition.from) || typeof transition.to !== 'string') {
      throw new TypeError(`Expected the transition "${name}" to be { from: [status, …], to: status }`);
    }
  }

  function find(name: Name): Transition<Status> {
    if (Object.hasOwn(table, name)) return table[name];
    throw new TypeError(`Unknown transition ${shown(name)}, ${nearest(String(name), names)}`);
  }

  function isAllowed(status: string, name: Name): boolean {
    return (table[name].from as readonly string[]).includes(status);
  }

  function allowed(status: string): Name[] {
    return names.filter((name) => isAllowed(status, name));
  }

  function assertUpdated(
    name: Name,
    result: unknown,
    options: TransitionOptions<Awaitable<string | null | undefined>>,
  ): Awaitable<void> {
    find(name);
    return decide(result, options.current, (status) => {
      const { resource, context, gone = notFound, conflicts = unbound } = options;
      if (status === undefined || status === null) throw gone();
      const members = {
        ...(resource !== undefined && { resource }),
        requested_transition: name,
        // A status that allows it was read from an old snapshot: what the row has now is not known.
        ...(!isAllowed(status, name) && { current_status: status, allowed_transitions: allowed(status) }),
      };
      throw conflicts.conflict('invalid_state', members, context === undefined ? {} : { context });
    });
  }

  return {
    from: (name) => find(name).from,
    to: (name) => find(name).to,
    allowed,
    assertUpdated: assertUpdated as Transitions<Name, Status>['assertUpdated'],
  };
}
