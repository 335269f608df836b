export type { Answer, IdempotentAnswer } from './answers.ts';
export { isSettled, toResponse } from './answers.ts';
export type { Idempotency, IdempotencyOptions, Lease } from './define-idempotency.ts';
export { defineIdempotency } from './define-idempotency.ts';
export type { IdempotentRequest, Scope } from './request.ts';
export { parseIdempotencyKey } from './request.ts';
export { idempotencyTableSql } from './statements.ts';
