import { expect, test } from 'vitest'
import { start } from '../testing/kit.ts'
import type { ExporterRecipes } from '../../topics/exporters/schema.ts'

test('lists exporters with all facts of their source, latest first, up to the limit', async () => {
  const { api, control } = await start()
  const get = async (query = ''): Promise<unknown> => (await fetch(`${api.url}/api/v1/exporters${query}`)).json()
  expect(await get()).toEqual({ sources: [] })
  const exporter = (
    address: string,
    lastSeen: number,
  ): { address: string; lastSeen: number; datagrams: number; rows: number; parked: number } => ({
    address,
    lastSeen,
    datagrams: 1,
    rows: 2,
    parked: 3,
  })
  control.exportersNow = [
    {
      name: 'netflow',
      type: 'netflow',
      addresses: ['udp://0.0.0.0:2055'],
      inFlight: 4,
      exporters: [exporter('10.0.0.1', 1000), exporter('10.0.0.2', 3000), exporter('10.0.0.3', 2000)],
    },
    { name: 'sflow', type: 'sflow', addresses: [], why: 'nothing came', exporters: [] },
  ]
  expect(await get('?limit=2&source=netflow')).toEqual({
    sources: [
      {
        name: 'netflow',
        type: 'netflow',
        addresses: ['udp://0.0.0.0:2055'],
        inFlight: 4,
        known: 3,
        exporters: [exporter('10.0.0.2', 3000), exporter('10.0.0.3', 2000)],
      },
    ],
  })
  expect(await get('?source=sflow')).toEqual({
    sources: [{ name: 'sflow', type: 'sflow', addresses: [], why: 'nothing came', known: 0, exporters: [] }],
  })
  expect((await fetch(`${api.url}/api/v1/exporters?limit=0`)).status).toBe(400)
})

test('recipes name the listening address and reject addresses that could inject commands', async () => {
  const { api, control } = await start()
  control.exportersNow = [{ name: 'netflow', type: 'netflow', addresses: ['udp://0.0.0.0:9555'], exporters: [] }]
  const how = async (query = ''): Promise<ExporterRecipes> =>
    (await fetch(`${api.url}/api/v1/exporters/recipes${query}`)).json() as Promise<ExporterRecipes>
  const softflowd = async (query?: string): Promise<string | undefined> =>
    (await how(query)).recipes.find(({ name }) => name === 'softflowd')?.lines[0]
  expect(await softflowd()).toContain('-n 127.0.0.1:9555')
  expect(await softflowd('?collector=192.0.2.7')).toContain('-n 192.0.2.7:9555')
  expect((await how('?collector=192.0.2.7')).collector).toBe('192.0.2.7')
  expect(
    (await fetch(`${api.url}/api/v1/exporters/recipes?collector=${encodeURIComponent('x; rm -r /')}`)).status,
  ).toBe(400)
})
