import { expect, test } from 'vitest'
import { start } from '../testing/kit.ts'

test('exporters are told with all that their source tells of them, last heard of first, as many as are asked for', async () => {
  const { api, control } = await start()
  const get = async (query = ''): Promise<unknown> => (await fetch(`${api.url}/api/v1/exporters${query}`)).json()
  expect(await get()).toEqual({ sources: [] })
  const exporter = (address: string, lastSeen: number): { address: string; lastSeen: number; datagrams: number; rows: number; parked: number } => ({ address, lastSeen, datagrams: 1, rows: 2, parked: 3 })
  control.exportersNow = [
    { name: 'netflow', type: 'netflow', addresses: ['udp://0.0.0.0:2055'], inFlight: 4, exporters: [exporter('10.0.0.1', 1000), exporter('10.0.0.2', 3000), exporter('10.0.0.3', 2000)] },
    { name: 'sflow', type: 'sflow', addresses: [], why: 'nothing came', exporters: [] },
  ]
  expect(await get('?limit=2&source=netflow')).toEqual({
    sources: [{ name: 'netflow', type: 'netflow', addresses: ['udp://0.0.0.0:2055'], inFlight: 4, known: 3, exporters: [exporter('10.0.0.2', 3000), exporter('10.0.0.3', 2000)] }],
  })
  expect(await get('?source=sflow')).toEqual({ sources: [{ name: 'sflow', type: 'sflow', addresses: [], why: 'nothing came', known: 0, exporters: [] }] })
  expect((await fetch(`${api.url}/api/v1/exporters?limit=0`)).status).toBe(400)
})
