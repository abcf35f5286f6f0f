import { cp, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startWeir } from '../../test/kit/weir-process.ts'
import { ROOT } from '../../tools/kit/command.ts'
import { temporaryFolder } from './testing/command.ts'
import { goldenData, launch } from './testing/launch.ts'

const stores = (await readdir(join(ROOT, 'src/store/fixtures'))).filter((name) => name.startsWith('golden-'))
const journals = [
  ...(await readdir(join(ROOT, 'src/journal/fixtures/v1'))).map((name) => ({ name, version: 'v1' })),
  { name: 'flows', version: 'v2' },
]

/** Store and journal of the fixtures are from different folders, so each has a separate one here. */
async function continues(data: string): Promise<number> {
  const checked = await launch(['upgrade', '--check', data, '-o', 'json'])
  expect(checked, checked.output).toMatchObject({ code: 0 })
  await using weir = await startWeir({ folder: await temporaryFolder(), data })
  const answer = await launch(['query', '--url', weir.url, '-o', 'json', 'SELECT count(*)::INTEGER AS n FROM flows'])
  expect(answer, answer.output).toMatchObject({ code: 0 })
  return (JSON.parse(answer.stdout) as [{ n: number }])[0].n
}

test.each(stores)(
  'Weir starts on the earlier store %s and answers with its rows',
  async (name) => {
    const data = join(await temporaryFolder(), 'data')
    await cp(join(ROOT, 'src/store/fixtures', name, 'store'), join(data, 'store'), { recursive: true })
    expect(await continues(data)).toBeGreaterThan(8)
  },
  180_000,
)

test.each(journals)(
  'Weir starts on the journal $name of version $version',
  async ({ name, version }) => {
    const data = await goldenData(join(await temporaryFolder(), 'data'), name, version)
    expect(await continues(data)).toBeGreaterThanOrEqual(0)
  },
  180_000,
)
