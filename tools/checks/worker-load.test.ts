import { expect, test } from 'vitest'
import { makeTree } from '../kit/tree.ts'
import { workerLoad } from './worker-load.ts'

const kit = `import * as z from 'zod'; export const text = z.string();`

test.each([
  [
    'through its imports',
    {
      'src/app/workers/watch.ts': `import { a } from '../a.ts';`,
      'src/app/a.ts': `export { text as a } from '../schema/index.ts';`,
    },
  ],
  [
    'through a connector',
    {
      'src/connectors/nats/source.ts': `import { s } from './config.ts';`,
      'src/connectors/nats/config.ts': `import { text } from '../../schema/index.ts';`,
    },
  ],
] as const)('a thread that loads what reads settings is named with its way: %s', async (_, files) => {
  const [problem, ...more] = await workerLoad(await makeTree({ 'src/schema/index.ts': kit, ...files }))
  expect(more).toEqual([])
  expect(problem).toMatchObject({ file: 'src/schema/index.ts', line: 1 })
  expect(problem?.message).toContain(Object.keys(files).join(' → '))
})

test('types, later imports, tests and the main thread may load them', async () => {
  const files = {
    'src/schema/index.ts': kit,
    'src/cli/run.ts': `import { text } from '../schema/index.ts';`,
    'src/app/workers/watch.ts':
      `import type { T } from '../../schema/index.ts'; export const later = () => ` +
      `import('../../schema/index.ts');`,
    'src/app/workers/watch.test.ts': `import { text } from '../../schema/index.ts';`,
    'src/app/workers/other.ts': `import { type T } from '../../schema/index.ts';`,
  }
  expect(await workerLoad(await makeTree(files))).toEqual([])
})
