import { expect, test } from 'vitest'
import { affected, reachedFrom, readGraph, type ImportGraph } from './import-graph.ts'
import { makeTree } from './tree.ts'

const files = {
  'src/main.ts': `export const main = () => import('./app.ts')`,
  'src/app.ts': `export const app = 1`,
  'src/connectors/kafka/sink.ts': `export const sink = 1`,
  'src/connectors/nats/sink.ts': `export const sink = 1`,
  'test/kit/weir-process.ts': `export const startWeir = 1`,
  'test/real/install/nats.ts': `export const nats = 1`,
  'test/real/chart.test.ts': `import { readFileSync } from 'node:fs'; readFileSync('deploy/helm/weir/Chart.yaml')`,
  'test/real/nats.test.ts': `import '../kit/weir-process.ts'; import './install/nats.ts'; const type = 'nats'`,
  'test/real/unit.test.ts': `import '../../src/connectors/kafka/sink.ts'`,
}
const graphOf = async (): Promise<ImportGraph> => readGraph(await makeTree(files))
const tests = ['chart', 'nats', 'unit'].map((name) => `test/real/${name}.test.ts`)

test('a test imports what its modules import, and what the process that it starts imports', async () => {
  expect([...reachedFrom(await graphOf(), ['test/real/nats.test.ts'])].toSorted()).toEqual([
    'src/app.ts',
    'src/main.ts',
    'test/kit/weir-process.ts',
    'test/real/install/nats.ts',
    'test/real/nats.test.ts',
  ])
})

test.each([
  ['src/app.ts', ['nats']],
  ['src/connectors/nats/sink.ts', ['nats']],
  ['src/connectors/kafka/sink.ts', ['unit']],
  ['deploy/helm/weir/values.yaml', ['chart']],
  ['docs/guide.md', []],
  ['package-lock.json', ['chart', 'nats', 'unit']],
])('a change of %s reaches %j', async (changed, reached) => {
  expect(affected(await graphOf(), tests, [changed])).toEqual(reached.map((name) => `test/real/${name}.test.ts`))
})
