import type { Dialect, Violation } from './violation.ts';

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
}

/**
 * One translator out of several: the first that answers wins. A translator that throws (a getter of the error, a
 * revoked proxy) has not answered.
 */
export function firstOf(translators: readonly Translator[]): Translator {
  return {
    name: translators.map((translator) => translator.name).join(),
    owns(error) {
      for (const translator of translators) {
        try {
          if (translator.owns(error)) return true;
        } catch {}
      }
      return false;
    },
    classify(error, dialect) {
      for (const translator of translators) {
        try {
          const violation = translator.classify(error, dialect);
          if (violation) return violation;
        } catch {}
      }
      return undefined;
    },
  };
}

/**
 * True for errors, also of another realm and of addons that build theirs by hand, and false for data that merely
 * looks like one (parsed JSON). Reads no property of the value.
 */
export function isError(value: object): boolean {
  return value instanceof Error || Object.prototype.toString.call(value) === '[object Error]';
}
