// Loaded into the process of the service before the service itself: what it says about its memory, when it is asked by
// its parent, and what Node warns of.

const tell = (message: object): void => void process.send?.(message);

process.on('message', () => {
  for (let time = 0; time < 2; time++) globalThis.gc?.();
  tell({ memory: process.memoryUsage() });
});
process.on('warning', ({ name, message }) => tell({ warning: `${name}: ${message}` }));
// Whoever listens to the parent must not keep the service from ending.
process.channel?.unref();
