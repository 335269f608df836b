import { readdirSync } from 'node:fs';
import { type Fixture, fixtures } from '../../fixtures/load.ts';
import { ConflictError, type Conflicts, defineConflicts, type Violation } from '../../src/index.ts';
import type { Translator } from '../../src/translator.ts';
import { type Random, randomOf } from './random.ts';
import type { Target } from './target.ts';
import { anything, changedText } from './texts.ts';

/** Fields that say what happened. All others are texts and names, which may add facts and decide nothing. */
const DECIDING: ReadonlySet<string> = new Set([
  ...['code', 'errno', 'sqlState', 'severity', 'name', 'fatal', 'length', 'routine', 'syscall', 'state', 'rawCode'],
  ...['extendedCode', 'errcode', 'originalCode', 'kind', 'constructor', 'severity_local', 'stack'],
  // What errors of mysql, mariadb and postgres are recognised by.
  ...['index', 'sql', 'address', 'port', 'query', 'parameters', 'args', 'types'],
]);

/** Wherever it is put, it must not come out. */
const SECRET = 's3cr3t';
/** KiB of a body. */
const LARGEST = 8;
/** Milliseconds of the processor for one input, and for each further MiB. */
const SLOWEST = 300;

type Bag = Record<string, unknown>;

interface Driver {
  readonly translator: Translator;
  readonly own: readonly Fixture[];
  readonly conflicts: Conflicts;
}

const DRIVERS = new URL('../../src/drivers/', import.meta.url);

/** The translators of all drivers. */
export async function everyDriver(): Promise<Translator[]> {
  const files = readdirSync(DRIVERS).filter((file) => file.endsWith('.ts'));
  const modules = await Promise.all(files.map((file) => import(new URL(file, DRIVERS).href)));
  return modules.flatMap((module: Bag) => {
    const found = Object.values(module).find((value) => typeof (value as Partial<Translator>)?.classify === 'function');
    return found === undefined ? [] : [found as Translator];
  });
}

/**
 * Errors as the drivers threw them, with their texts changed, moved and spliced, values of every type and size in the
 * place of names, and codes of other errors. Through the driver's translator, and through `translate` with every driver.
 */
export function errorsOf(translators: readonly Translator[]): Target {
  const options = { onUnregistered: () => {}, status: { required: 422, invalid_value: 422 } };
  const drivers = translators.map(
    (translator): Driver => ({
      translator,
      own: fixtures(translator.name),
      conflicts: defineConflicts({ ...options, drivers: [translator] }),
    }),
  );
  const all = defineConflicts({ ...options, drivers: translators });
  const exposing = defineConflicts({ ...options, drivers: translators, exposeColumns: true, format: 'jsonapi' });
  const texts = [...new Set(drivers.flatMap(({ own }) => own.flatMap(({ error }) => textsIn(error))))];
  const bodies = new Map<string, string>();

  function make(seed: number, number: number): { driver: Driver; fixture: Fixture; error: Error; pristine: Error } {
    const random = randomOf(seed, number);
    const driver = random.pick(drivers);
    const fixture = random.pick(driver.own);
    const pristine = copyOf(fixture.error);
    if (random.oneIn(6)) changeCode(pristine, random.pick(driver.own).error, random);
    const error = copyOf(pristine);
    const changes = 1 + random.below(4);
    for (let change = 0; change < changes; change++) changeOne(error, texts, random);
    return { driver, fixture, error, pristine };
  }

  function check(seed: number, number: number): string | undefined {
    const { driver, error, pristine } = make(seed, number);
    const { translator, conflicts } = driver;
    const before = textsIn(error);
    const size = before.reduce((sum, text) => sum + text.length, 0);
    const isHuge = size > 1 << 18;
    const from = isHuge ? process.cpuUsage() : undefined;
    const violation = translator.classify(error);
    const owned = translator.owns(error);
    const answer = all.translate(error);
    if (from && isSlow(from, size)) {
      const again = process.cpuUsage();
      translator.classify(error);
      all.translate(error);
      if (isSlow(again, size)) return `took ${process.cpuUsage(again).user / 1000} ms for ${size} characters`;
    }

    if (violation !== undefined && !owned) return 'classified what it does not own';
    const expected = translator.classify(pristine)?.kind;
    if (violation?.kind !== expected && !isToldByText(error) && !isToldByText(pristine)) {
      return `kind ${violation?.kind}, and ${expected} with the texts of the server`;
    }
    if (violation !== undefined) {
      const invented = inventedIn(violation, before);
      if (invented !== undefined) return `invented ${invented}`;
    }
    if (!isHuge || randomOf(seed, ~number).oneIn(20)) {
      const wrapped = new Error(SECRET, { cause: error });
      if (JSON.stringify(conflicts.classify(wrapped)) !== JSON.stringify(conflicts.classify(error)))
        return 'differs when it is wrapped';
    }
    if (Object.is(answer, error)) return undefined;
    return checkAnswer(answer, error);
  }

  function checkAnswer(answer: unknown, error: unknown): string | undefined {
    if (!(answer instanceof ConflictError)) return `answered with ${String(answer)}`;
    if (all.translate(answer) !== answer) return 'answered differently the second time';
    const { instance = '' } = answer.problem;
    const body = JSON.stringify([answer.status, answer.headers, answer.message, answer]).replace(instance, '');
    const first = bodies.get(answer.code);
    if (first === undefined) bodies.set(answer.code, body);
    else if (first !== body) return `the body depends on more than its code: ${body}`;
    const exposed = JSON.stringify(exposing.translate(error));
    if (exposed.length > LARGEST * 1024) return `a body of ${exposed.length} characters`;
    return String(answer.stack).includes(SECRET) ? 'the secret came out' : undefined;
  }

  return {
    name: 'errors of drivers',
    check,
    describe(seed, number) {
      const { driver, fixture, error } = make(seed, number);
      return { driver: driver.translator.name, fixture: fixture.name, error: shownOf(error) };
    },
  };
}

function isSlow(from: NodeJS.CpuUsage, size: number): boolean {
  return process.cpuUsage(from).user / 1000 > SLOWEST * Math.ceil(size / (1 << 20));
}

/** Own fields and the message, of the same class; objects in it are copied, too. */
function copyOf(error: Error): Error {
  const copy = Object.create(Object.getPrototypeOf(error), { message: { value: error.message, writable: true } });
  return Object.assign(copy, copied({ ...error, stack: 'Error\n    at fuzz' }));
}

function copied(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copied);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, copied(field)]));
}

function changeCode(error: object, other: object, random: Random): void {
  for (const key of ['code', 'errno', 'sqlState', 'rawCode', 'extendedCode', 'errcode']) {
    if (key in other && random.below(4)) (error as Bag)[key] = (other as Bag)[key];
  }
}

/** Places in an error that hold texts. */
function placesIn(value: object, found: (readonly [Bag, string])[] = []): (readonly [Bag, string])[] {
  for (const [key, field] of Object.entries({ message: undefined, ...value })) {
    if (DECIDING.has(key)) continue;
    if (isPlain(field)) placesIn(field, found);
    else found.push([value as Bag, key]);
  }
  return found;
}

function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null || Object.keys(value).length === 0) return false;
  return Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype;
}

function changeOne(error: object, texts: readonly string[], random: Random): void {
  const places = placesIn(error);
  const [holder, key] = random.pick(places);
  const now = holder[key];
  if (random.oneIn(25)) {
    holder[key] = anything(random);
  } else if (random.oneIn(12)) {
    const [from, other] = random.pick(places);
    holder[key] = from[other];
  } else if (random.oneIn(10)) {
    holder[key] = typeof now === 'string' ? now.replace(/(?<=')[^']+(?=')|(?<==\()[^)]+/, SECRET) : SECRET;
  } else {
    holder[key] = changedText(typeof now === 'string' ? now : random.pick(texts), texts, random);
  }
}

/** Every text of an error. */
function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  const { message } = value as { message?: unknown };
  const own = Object.values(value).flatMap(textsIn);
  return typeof message === 'string' ? [message, ...own] : own;
}

/**
 * SQLite tells RESTRICT from RAISE by its text alone, and a driver that knows the primary code only tells every
 * constraint so: the two places where a text decides. Source: test/translator-contract.ts
 */
function isToldByText(error: object): boolean {
  return /"(?:SQLITE_CONSTRAINT(?:_TRIGGER)?|19|1811)"|:(?:19|1811)[,}]/.test(
    JSON.stringify([error, (error as { cause?: unknown }).cause], (_key, value) =>
      typeof value === 'bigint' ? '' : value,
    ),
  );
}

/** A name that no text of the error has, as it stands or as its quotes are doubled. */
function inventedIn(violation: Violation, said: readonly string[]): string | undefined {
  const { kind, driver, dialect, code, sqlState, direction, retryable, primaryKey, ...names } = violation as Violation &
    Bag;
  for (const name of Object.values(names).flat()) {
    if (typeof name !== 'string' || name === '') return `${JSON.stringify(name)}, which is no name`;
    if (name === 'rowid') continue;
    const forms = [name, name.replaceAll('"', '""'), name.replaceAll("'", "''"), name.replaceAll('`', '``')];
    if (said.some((text) => text.replaceAll('``', '`').includes(name))) continue;
    if (!forms.some((form) => said.some((text) => text.includes(form)))) return JSON.stringify(name.slice(0, 200));
  }
  return undefined;
}

/** The fields as JSON, long texts cut. */
function shownOf(error: Error): unknown {
  const cut = (_key: string, value: unknown): unknown =>
    typeof value === 'string' && value.length > 400
      ? `${value.slice(0, 400)}… (${value.length} characters)`
      : typeof value === 'bigint' || typeof value === 'symbol' || typeof value === 'function'
        ? String(value)
        : value;
  const { stack, ...fields } = { ...error, name: error.name, message: error.message as unknown };
  return JSON.parse(JSON.stringify(fields, cut));
}
