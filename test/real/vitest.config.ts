import { defineConfig } from 'vitest/config'

// Tests that need real programs beside them: `npm run test:real`.
export default defineConfig({
  root: new URL('../..', import.meta.url).pathname,
  test: {
    include: ['test/real/**/*.test.ts', '{src,examples,test,tools}/**/*.real.test.ts'],
    pool: 'forks',
    // Most of the time is spent in waiting for servers to start and for what they do.
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
})
