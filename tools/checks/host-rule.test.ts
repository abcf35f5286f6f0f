import { expect, test } from 'vitest'
import { hostRule, judge } from './host-rule.ts'
import { parseSource } from '../kit/sources.ts'
import { makeTree } from '../kit/tree.ts'

const messagesOf = (text: string): string[] =>
  judge(parseSource('src/engine/a.ts', text)).map((problem) => `${problem.line} ${problem.message}`)

test.for([
  [`import { open } from 'node:fs/promises';`, /node:fs\/promises \(open\): use the disk/],
  [`import { readFileSync } from 'fs';`, /fs \(readFileSync\): use the disk/],
  [`export { open } from 'node:fs';`, /node:fs \(open\)/],
  [`const fs = await import('node:fs');`, /node:fs/],
  [`import 'node:fs';`, /node:fs/],
  [`import { spawn } from 'node:child_process';`, /node:child_process \(spawn\): use the process port/],
  [`import { setTimeout } from 'node:timers/promises';`, /use the timers/],
  [`import { performance } from 'node:perf_hooks';`, /ask the clock/],
  [`import process from 'node:process';`, /use the process port/],
  [`import { createHash, randomUUID } from 'node:crypto';`, /node:crypto \(randomUUID\): use the randomness/],
  [`import * as c from 'node:crypto'; c.randomBytes(4);`, /crypto\.randomBytes: use the randomness/],
  [`import c from 'node:crypto'; c.randomUUID();`, /crypto\.randomUUID/],
  [`Date.now();`, /Date\.now: ask the clock/],
  [`Date['now']();`, /Date\.now/],
  [`const { now } = Date;`, /Date\.now/],
  [`const now = Date.now;`, /Date\.now/],
  [`globalThis.Date.now();`, /Date\.now/],
  [`new Date();`, /new Date\(\) without a time/],
  [`new globalThis.Date();`, /new Date\(\) without a time/],
  [`Date();`, /Date\(\)/],
  [`performance.now();`, /performance\.now: ask the clock/],
  [`setTimeout(f, 1);`, /setTimeout: use the timers/],
  [`setInterval(f, 1);`, /setInterval: use the timers/],
  [`setImmediate(f);`, /setImmediate: use the timers/],
  [`globalThis.setTimeout(f, 1);`, /setTimeout: use the timers/],
  [`const { setTimeout } = globalThis;`, /setTimeout: use the timers/],
  [`const timers = { setTimeout };`, /setTimeout: use the timers/],
  [`schedule(setTimeout);`, /setTimeout: use the timers/],
  [`AbortSignal.timeout(5);`, /AbortSignal\.timeout/],
  [`Math.random();`, /Math\.random: use the randomness/],
  [`crypto.randomUUID();`, /crypto\.randomUUID/],
  [`crypto.getRandomValues(a);`, /crypto\.getRandomValues/],
  [`process.env['HOME'];`, /process\.env: use the process port/],
  [`const { env } = process;`, /process\.env/],
  [`process.exit(1);`, /process\.exit/],
  [`process.hrtime.bigint();`, /process\.hrtime/],
] as const)('%s is found', ([text, expected]) => {
  const problems = messagesOf(text)
  expect(problems.length).toBeGreaterThan(0)
  for (const problem of problems) expect(problem).toMatch(expected)
})

test.for([
  `// Date.now(); setTimeout(f)`,
  `const s = "Date.now() and setTimeout(f)";`,
  'const t = `process.env ${"Math.random()"}`;',
  `new Date(5); new Date(text); Date.parse(text); Date.UTC(2024, 1);`,
  `host.timers.setTimeout(f, 1); clock.now(); host.random.randomUUID();`,
  `interface Timers { setTimeout(f: () => void): void } const t: Timers = { setTimeout: (f) => f() };`,
  `class T { setTimeout(): void {} }`,
  `let t: ReturnType<typeof setTimeout>;`,
  `import type { Stats } from 'node:fs';`,
  `import { createHash, timingSafeEqual } from 'node:crypto'; crypto.subtle.digest('SHA-256', b);`,
  `import { monitorEventLoopDelay } from 'node:perf_hooks';`,
  `function run({ process }: Host): void { process.exit(2); }`,
  `const { setTimeout } = host.timers; setTimeout(f, 1);`,
  `process.on('exit', f); process.memoryUsage(); process.stdout.write('x');`,
  `const line = /setTimeout(?:x)/;`,
])('%s is allowed', (text) => {
  expect(messagesOf(text)).toEqual([])
})

test('the line is the line of the use', () => {
  expect(messagesOf(`const a = 1;\n\nsetTimeout(f, a);`)).toEqual([expect.stringMatching(/^3 /)])
})

test('src/host/ and tests are the exceptions, and nothing else in src is', async () => {
  const text = 'Date.now();'
  const root = await makeTree({
    'src/host/clock.ts': text,
    'src/engine/a.test.ts': text,
    'src/engine/a.ts': text,
    'src/main.ts': text,
    'tools/a.ts': text,
  })
  expect((await hostRule(root)).map((problem) => problem.file)).toEqual(['src/engine/a.ts', 'src/main.ts'])
})
