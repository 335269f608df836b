/** Values that are thrown by mistake or on purpose. */

/** What people throw that is no error, and errors that are no database's. */
export function nonErrors(): unknown[] {
  return [
    undefined,
    null,
    0,
    'duplicate key value violates unique constraint "users_email_key"',
    Symbol('23505'),
    123n,
    true,
    [],
    {},
    () => {},
    new TypeError('Cannot read properties of undefined'),
    Object.assign(new Error('ENOENT: no such file or directory'), { code: 'ENOENT', errno: -2, syscall: 'open' }),
    Object.assign(new Error('write EPIPE'), { code: 'EPIPE', errno: -32, syscall: 'write' }),
    Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED', errno: -111, syscall: 'connect' }),
    Object.assign(new Error('Unique constraint failed on the fields: (`email`)'), {
      name: 'PrismaClientKnownRequestError',
      code: 'P2002',
      meta: { target: ['email'] },
    }),
    Object.assign(new Error('Request failed with status code 409'), {
      name: 'AxiosError',
      code: 'ERR_BAD_REQUEST',
      response: { status: 409, data: { code: '23505', severity: 'ERROR', constraint: 'users_email_key' } },
    }),
    new Response('{"code":"23505"}', { status: 409 }),
    { code: '23505', severity: 'ERROR', message: 'duplicate key', constraint: 'users_email_key' },
    { errno: 1062, sqlState: '23000', code: 'ER_DUP_ENTRY', sqlMessage: "Duplicate entry 'a' for key 'b'" },
    { code: 'SQLITE_CONSTRAINT_UNIQUE', message: 'UNIQUE constraint failed: users.email' },
    Object.assign(new Error('23505'), { code: '23505' }),
    Object.assign(new Error('1062'), { errno: 1062 }),
    Object.assign(new Error('a'), { code: 23505, severity: 'ERROR' }),
  ];
}

/** Objects that do harm when they are touched. */
export function hostile(): unknown[] {
  const thrower = (): never => {
    throw new Error('touched');
  };
  const traps = Object.fromEntries(
    ['get', 'has', 'getPrototypeOf', 'ownKeys', 'getOwnPropertyDescriptor', 'set', 'defineProperty'].map((trap) => [
      trap,
      thrower,
    ]),
  );
  const { proxy, revoke } = Proxy.revocable(new Error('revoked'), {});
  revoke();
  const getters = new Error('getters');
  for (const key of [
    'code',
    'errno',
    'severity',
    'cause',
    'sqlState',
    'fatal',
    'detail',
    'stack',
    'message',
    'errors',
  ]) {
    Object.defineProperty(getters, key, { get: thrower });
  }
  const cycle = new Error('cycle') as Error & Record<string, unknown>;
  Object.assign(cycle, { cause: cycle, driverError: cycle, errors: [cycle, cycle] });
  const { deep, many } = withoutStacks(() => {
    let deep = new Error('deepest');
    for (let depth = 0; depth < 100_000; depth++) deep = new Error('deep', { cause: deep });
    return { deep, many: Array.from({ length: 100_000 }, () => new Error('one of many')) };
  });
  return [
    new Proxy({}, traps),
    new Proxy(new Error('trapped'), traps),
    proxy,
    getters,
    cycle,
    deep,
    Object.freeze(new Error('frozen')),
    Object.freeze(Object.assign(new Error('frozen'), { code: 'EACCES' })),
    Object.create(null),
    new AggregateError(many, 'many'),
    new Error('lying', { cause: JSON.parse('{"__proto__":{"code":"23505","severity":"ERROR"}}') }),
  ];
}

/** The stacks of many errors take a second, and say nothing. */
function withoutStacks<T>(make: () => T): T {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return make();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}
