import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { weirSchema } from '../../app/config.ts'
import { realHost } from '../../host/index.ts'
import { configFrom } from '../../schema/index.ts'
import { priceLists } from '../../topics/transfers/lists/index.ts'
import { priceListSchema } from '../../topics/transfers/price-list.ts'
import { checkTransferPrices } from './transfer-prices.ts'

const found = (lists: readonly object[]) =>
  checkTransferPrices({
    config: configFrom(weirSchema, { spend: { transfers: { lists } } } as never),
    host: realHost(),
  })

test('price lists are named with their date, and a file with mistakes with the place', async () => {
  expect(await found([])).toEqual([])
  const folder = await mkdtemp(join(tmpdir(), 'weir-prices-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const file = join(folder, 'prices.yaml')
  await writeFile(
    file,
    "name: Contract\ndate: 2026-11-01\nprovider: aws\ncurrency: EUR\nprices:\n  - {kind: egress, price: '0.09'}\n",
  )
  expect(await found([{ list: 'aws' }, { file, clusters: ['c1'] }])).toEqual([
    {
      check: 'prices',
      status: 'ok',
      fact: 'price lists of transfers: AWS of 2026-07-01, 4 prices; Contract of 2026-11-01, 1 prices',
    },
  ])
  await writeFile(file, 'name: Contract\ndate: 2026-11-01\nprovider: aws\ncurrency: EUR\nprices:\n  - {kind: egress}\n')
  const [missing] = await found([{ file }])
  expect(missing).toMatchObject({ status: 'warn' })
  expect(missing?.fact).toContain(`${file}:6:`)
  const [absent] = await found([{ file: join(folder, 'none.yaml') }])
  expect(absent?.fact).toContain('none.yaml')
})

test('the lists of Weir are valid files of users, each price with its source', () => {
  for (const list of Object.values(priceLists)) {
    // As a file has it: without the members that have a default.
    const written = JSON.parse(JSON.stringify(list, (_, value: unknown) => value ?? undefined)) as never
    expect(configFrom(priceListSchema, written), list.name).toEqual(list)
    for (const { source } of list.prices) expect(source, list.name).toContain('https://')
  }
})
