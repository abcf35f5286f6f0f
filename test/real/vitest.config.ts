import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

/** Unit tests that draw at random (test/kit/seeds.ts): here they draw more often. */
const drawn = [
  'src/connectors/kubernetes/source-{tracker,turns,blocks}.test.ts',
  'src/store/{flows/wide,rollup/rollup,graph/edges}.test.ts',
]

// Tests that need real programs beside them: `npm run test:real`.
export default defineConfig({
  root: new URL('../..', import.meta.url).pathname,
  test: {
    include: ['test/real/**/*.test.ts', '{src,examples,test,tools}/**/*.real.test.ts', ...drawn],
    provide: { thorough: true },
    // Each start of `weir` reads the compiled code of the start before it.
    env: { NODE_COMPILE_CACHE: fileURLToPath(new URL('../../node_modules/.cache/weir-tests', import.meta.url)) },
    pool: 'forks',
    // Most of the time is spent waiting for servers.
    maxWorkers: availableParallelism() + 1,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
})
