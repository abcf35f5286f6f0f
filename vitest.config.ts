import { configDefaults, defineConfig } from 'vitest/config'

// Every unit test. Real servers (test/real, *.real.test.ts) and long runs (test/soak) have commands of their own,
// so that `npm test` needs nothing but the checkout.
export default defineConfig({
  test: {
    include: ['{src,clients,console,test,tools,bench,examples}/**/*.test.{ts,tsx}'],
    exclude: [...configDefaults.exclude, 'test/real/**', '**/*.real.test.ts', '**/fixtures/**'],
    environment: 'node',
    provide: { thorough: false },
    pool: 'forks',
    // Most tests wait for a process or a disk: a core kept free would be idle.
    maxWorkers: '100%',
    // A test asserts facts, never a duration; this limit only ends one that hangs.
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
})
