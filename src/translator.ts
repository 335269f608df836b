import type { Dialect, Violation, ViolationKind } from './violation.ts';

/** Reads the native errors of one driver. A plain object; it knows no HTTP. */
export interface Translator {
  /** The driver's npm name, which becomes {@link Violation.driver}. */
  readonly name: string;
  /** True when the value is an error of this driver's database, whatever it says. Never throws. */
  owns(error: unknown): boolean;
  /**
   * The facts of the error. `undefined` for anything that is not this driver's own, or not a violation.
   * Never throws, never looks at causes.
   *
   * @param dialect what the application said about its server, for texts that two servers write alike
   */
  classify(error: unknown, dialect?: Dialect): Violation | undefined;
  /**
   * The reported values of the columns of a violation that this translator has read, as text and in their order;
   * `undefined` when the database did not tell them or they cannot be told apart. Row data. Never throws.
   */
  values?(error: unknown): readonly string[] | undefined;
}

/** A translator, or several of them, which have no name together. */
export type Reading = Omit<Translator, 'name'>;

const RAISED = /* @__PURE__ */ new WeakSet<object>();

/** Remembers that the schema's own code raised this violation with a constraint's code, and no constraint did. */
export function markRaised(violation: Violation): void {
  RAISED.add(violation);
}

/** True when code of the schema is known to have raised it; false also where the database does not tell. */
export function isRaised(violation: Violation): boolean {
  return RAISED.has(violation);
}

const UNREAD = /* @__PURE__ */ new WeakMap<object, string>();

/** Keeps what the server wrote where names belong, for a text that can be read in two ways: the schema may tell. */
export function markUnread(violation: object, text: string): void {
  UNREAD.set(violation, text);
}

/** What {@link markUnread} has kept. */
export function unreadOf(violation: Violation): string | undefined {
  return UNREAD.get(violation);
}

/** The same translator, to which an error that throws when it is read (a getter, a revoked proxy) is not its own. */
export function safe({ name, owns, classify, values }: Translator): Translator {
  return {
    name,
    owns(error) {
      try {
        return owns(error);
      } catch {
        return false;
      }
    },
    classify(error, dialect) {
      try {
        return classify(error, dialect);
      } catch {}
      return undefined;
    },
    values(error) {
      try {
        return values?.(error);
      } catch {}
      return undefined;
    },
  };
}

/** One translator out of several: the first that answers wins. */
export function firstOf(translators: readonly Reading[]): Reading {
  return {
    owns(error) {
      for (const translator of translators) if (translator.owns(error)) return true;
      return false;
    },
    classify(error, dialect) {
      for (const translator of translators) {
        const violation = translator.classify(error, dialect);
        if (violation !== undefined) return violation;
      }
      return undefined;
    },
    values: (error) => translators.find((translator) => translator.owns(error))?.values?.(error),
  };
}

/**
 * True for errors, also of another realm and of addons that build theirs by hand, and false for data that merely
 * looks like one (parsed JSON). Reads no property of the value.
 */
export function isError(value: object): boolean {
  return value instanceof Error || Object.prototype.toString.call(value) === '[object Error]';
}

/** The kind of each native code. */
export type KindsByCode = ReadonlyMap<string, ViolationKind>;

/**
 * A table of codes, written by kind.
 *
 * @param prefix what all codes begin with
 */
export function byCode(
  table: { readonly [Kind in ViolationKind]?: readonly (string | number)[] },
  prefix = '',
): KindsByCode {
  const kinds = new Map<string, ViolationKind>();
  for (const [kind, codes] of Object.entries(table)) {
    for (const code of codes) kinds.set(prefix + code, kind as ViolationKind);
  }
  return kinds;
}
