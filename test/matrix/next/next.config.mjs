import { fileURLToPath } from 'node:url';

// The folder of a run is five below the root, whose sources it bundles.
const root = fileURLToPath(new URL('../../../../../', import.meta.url));

export default {
  turbopack: { root },
  outputFileTracingRoot: root,
  devIndicators: false,
};
