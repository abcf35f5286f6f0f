import { defineConfig } from 'vitest/config'

// Tests that need real programs beside them: `npm run test:real`.
export default defineConfig({
  root: new URL('../..', import.meta.url).pathname,
  test: {
    include: ['test/real/**/*.test.ts', '{src,examples}/**/*.real.test.ts'],
    pool: 'forks',
    // Servers, exporters and Weir itself share the machine: one file at a time.
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
})
