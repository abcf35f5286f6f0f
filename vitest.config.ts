import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { configDefaults, defineConfig } from 'vitest/config'

// Every unit test. Real servers (test/real, *.real.test.ts) and long runs (test/soak) have their own commands,
// so that `npm test` needs nothing but the checkout.
export default defineConfig({
  test: {
    include: ['{src,clients,console,test,tools,release,sim,bench,deploy,examples}/**/*.test.{ts,tsx}'],
    exclude: [...configDefaults.exclude, 'test/real/**', '**/*.real.test.ts', '**/fixtures/**'],
    environment: 'node',
    provide: { draws: 'few' },
    unstubEnvs: true,
    // Each start of `weir` in a test reads the compiled code of the start before it.
    env: { NODE_COMPILE_CACHE: fileURLToPath(new URL('node_modules/.cache/weir-tests', import.meta.url)) },
    pool: 'forks',
    // Files of one worker share modules: 481 starts of a process took a third of the processor time.
    isolate: false,
    // Many tests wait for a process, a disk or a clock: with one for each core these would be idle.
    maxWorkers: availableParallelism() + 1,
    // With the default of 16 MB, collections take 5 % more of the processor time.
    execArgv: ['--max-semi-space-size=64', '--min-semi-space-size=16'],
    // A test asserts facts, never a duration; this limit only ends one that hangs.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    expect: { poll: { timeout: 30_000 } },
  },
})
