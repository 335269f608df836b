/** A promise, and the function that resolves it. */
export function deferred<Value = void>(): [promise: Promise<Value>, resolve: (value: Value) => void] {
  let resolve: (value: Value) => void = () => {};
  const promise = new Promise<Value>((settle) => {
    resolve = settle;
  });
  return [promise, resolve];
}
