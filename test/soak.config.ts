import { defineConfig } from 'vitest/config'

// Long runs, by hand or at night: `npm run soak`.
export default defineConfig({
  root: new URL('..', import.meta.url).pathname,
  test: {
    include: ['{src,test}/**/*.soak.test.ts'],
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 4 * 3_600_000,
    hookTimeout: 600_000,
    passWithNoTests: true,
  },
})
