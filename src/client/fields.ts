import type { ProblemError } from '../problem.ts';
import { attemptTo, type Conflict } from './conflict.ts';

/** What is wrong with one field of a form. */
export interface FieldError {
  /** The path with dots, as React Hook Form and Formik name fields: `'email'`, `'items.0.quantity'`. */
  readonly name: string;
  /** The same in parts: `['items', '0', 'quantity']`. */
  readonly path: readonly string[];
  readonly code: ProblemError['code'];
  /** A sentence for the user: the field's own, else the conflict's. */
  readonly message: string;
}

/**
 * The fields that a conflict is about, in the order of `errors`; empty when it names none: then its `detail` belongs to
 * the whole form. What every object inherits (`__proto__`,
 * `constructor`) is no field: form libraries assign by path.
 *
 * ```ts
 * for (const { name, code, message } of fieldErrors(conflict)) setError(name, { type: code, message }); // React Hook Form
 * for (const { name, message } of fieldErrors(conflict)) setFieldError(name, message); // Formik
 * const messages = Object.fromEntries(fieldErrors(conflict).map(({ name, message }) => [name, message])); // plain
 * ```
 */
export function fieldErrors(conflict: Conflict): FieldError[] {
  return (conflict.errors ?? []).flatMap(({ pointer, code, detail }) => {
    const path = pathOf(pointer);
    const name = path.join('.');
    if (name === '' || path.some((part) => part in {})) return [];
    return { name, path, code, message: detail ?? conflict.detail ?? conflict.title };
  });
}

/** The parts of a JSON Pointer in a URI fragment. Source: RFC 6901 sections 4 and 6 */
function pathOf(pointer: string): string[] {
  const parts = (attemptTo(() => decodeURIComponent(pointer)) ?? '').split('/').slice(1);
  return parts.map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}
