import { defineConfig } from 'vitest/config'

// The console in a real Chromium: `npm run test:browser`.
export default defineConfig({
  root: new URL('../..', import.meta.url).pathname,
  test: {
    include: ['test/browser/**/*.browser.ts'],
    globalSetup: ['test/browser/kit/global-setup.ts'],
    pool: 'forks',
    // A browser and a Weir fill a small machine: one file at a time.
    fileParallelism: false,
    // A busy machine takes its time; what never comes is told by this, too.
    expect: { poll: { timeout: 15_000 } },
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
})
