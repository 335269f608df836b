import { styleText } from 'node:util';

/** Requests to try, and what to look at in their answers. */
export function welcome(engine: string, port: number): string {
  const at = `localhost:${port}`;
  const steps: [about: string, ...commands: string[]][] = [
    [
      'A duplicate: 409, "errors" names the field. The same without the library: 500 and the driver\'s text.',
      `curl -i ${at}/users --json '{"email":"alice@example.com","name":"Alice"}'`,
      `curl -i ${at}/without/users --json '{"email":"alice@example.com","name":"Alice"}'`,
    ],
    ['A customer who still has orders: reference_in_use.', `curl -i -X DELETE ${at}/customers/1`],
    ['A rule of the schema: 422, quantity.', `curl -i ${at}/orders --json '{"customer":1,"quantity":0}'`],
    [
      'A room that is taken: overlap.',
      `curl -i ${at}/bookings --json '{"room":101,"from":"2027-03-04","to":"2027-03-06"}'`,
    ],
    [
      'Cancelled after it was shipped: invalid_state and what is still allowed.',
      `curl -X POST ${at}/orders/1/ship; curl -i -X POST ${at}/orders/1/cancel`,
    ],
    [
      'A stale version: 412 and the current ETag.',
      `curl -i -X PUT ${at}/documents/1 -H 'If-Match: "0"' --json '{"text":"Mine."}'`,
    ],
    [
      'Published twice: the second one is an invalid_state.',
      `curl -X POST ${at}/documents/1/publish; curl -i -X POST ${at}/documents/1/publish`,
    ],
    ['A domain that is claimed: duplicate, name.', `curl -i ${at}/domains --json '{"name":"example.com"}'`],
    [
      'A payment that is sent twice: taken once, answered twice. With the same key and another amount: 422.',
      `for i in 1 2; do curl -i ${at}/payments -H 'Idempotency-Key: "a1"' --json '{"order":1,"amount":500}'; done`,
      `curl -i ${at}/payments -H 'Idempotency-Key: "a1"' --json '{"order":1,"amount":900}'`,
    ],
  ];
  const lines = steps.flatMap(([about, ...commands]) => [
    '',
    `  ${about}`,
    ...commands.map((command) => `  ${styleText('cyan', command)}`),
  ]);
  const heading = `db-http-errors on ${engine}: ${styleText('bold', `http://${at}`)}`;
  return [heading, ...lines, '', `  ${styleText('dim', 'Ctrl+C stops it and drops its tables.')}`, ''].join('\n');
}
