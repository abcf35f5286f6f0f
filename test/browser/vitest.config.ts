import { defineConfig } from 'vitest/config'

// The console in a real Chromium: `npm run test:browser`.
export default defineConfig({
  root: new URL('../..', import.meta.url).pathname,
  test: {
    include: ['test/browser/**/*.browser.ts'],
    globalSetup: ['test/browser/kit/global-setup.ts'],
    pool: 'forks',
    // One file at a time: browser and Weir fill a small machine.
    fileParallelism: false,
    // Generous, for busy machines.
    expect: { poll: { timeout: 15_000 } },
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
})
