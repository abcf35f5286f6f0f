import { expect, test } from 'vitest'
import { folderShape } from './folder-shape.ts'
import { makeTree } from '../kit/tree.ts'

const lines = (count: number, first = ''): string => `${first}${'//\n'.repeat(count)}`

const nats = {
  'src/connectors/nats/config.ts': '',
  'src/connectors/nats/index.ts': lines(30),
  'src/connectors/nats/sink.ts': '',
  'src/connectors/nats/sink.test.ts': lines(400),
  'src/connectors/nats/client.ts': '',
  'src/connectors/nats/map-headers.ts': '',
  'src/connectors/nats/client/errors.ts': '',
  'src/connectors/nats/README.md': '',
  'src/connectors/nats/fixtures/one/in.json': '',
}

async function judge(files: Record<string, string>): Promise<string[]> {
  return (await folderShape(await makeTree(files))).map((problem) => `${problem.file} ${problem.message}`)
}

test('a connector of the agreed shape and files of 420 lines pass', async () => {
  expect(await judge({ ...nats, 'src/engine/a.ts': lines(420) })).toEqual([])
})

test('a longer file passes when its head gives the reason', async () => {
  expect(
    await judge({
      'src/engine/a.ts': lines(421, '// The reader.\n// Long because the state machine reads as one table.\n'),
    }),
  ).toEqual([])
})

const wrong: readonly [name: string, files: Record<string, string>, message: RegExp][] = [
  ['a file over 420 lines without a reason', { 'src/engine/a.ts': lines(421) }, /a\.ts 421 lines: split it/],
  ['an index over 30 lines', { ...nats, 'src/connectors/nats/index.ts': lines(31) }, /index\.ts 31 lines/],
  ['a foreign file name in a connector', { ...nats, 'src/connectors/nats/manager.ts': '' }, /manager\.ts not a name/],
  ['a foreign folder in a connector', { ...nats, 'src/connectors/nats/parts/a.ts': '' }, /parts\/a\.ts not a name/],
  ['a file that is in no connector', { 'src/connectors/all.ts': '' }, /lives in a folder/],
  ['a junk drawer', { 'src/engine/utils.ts': '' }, /"utils\.ts" is too general/],
  ['a junk drawer folder', { 'test/helpers/a.ts': '' }, /"helpers" is too general/],
]

test.for(wrong)('the check finds %s', async ([, files, message]) => {
  const problems = await judge(files)
  expect(problems).toHaveLength(1)
  expect(problems[0]).toMatch(message)
})

test.for(['config.ts', 'index.ts', 'README.md', 'sink.ts'])('a connector without %s is found', async (name) => {
  const { [`src/connectors/nats/${name}`]: _, ...rest } = nats as Record<string, string>
  expect(await judge(rest)).toEqual([expect.stringContaining(name)])
})
