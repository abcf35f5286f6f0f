import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { included } from './included.ts'
import { LongestFirst } from './longest-first.ts'
import { workers } from './workers.ts'

// Tests that need real programs beside them: `npm run test:real`.
export default defineConfig({
  root: new URL('../..', import.meta.url).pathname,
  test: {
    include: [...included],
    provide: { draws: process.env['WEIR_SEEDS'] === 'all' ? 'all' : 'more' },
    // Each start of `weir` reads the compiled code of the start before it.
    env: { NODE_COMPILE_CACHE: fileURLToPath(new URL('../../node_modules/.cache/weir-tests', import.meta.url)) },
    globalSetup: fileURLToPath(new URL('../kit/shared-build.ts', import.meta.url)),
    pool: 'forks',
    maxWorkers: workers.tests,
    sequence: { sequencer: LongestFirst },
    // Databases start beside each other. These limits only end what hangs.
    testTimeout: 600_000,
    hookTimeout: 300_000,
  },
})
