import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { start } from '../testing/kit.ts'

test('lists the dashboards of a folder, and states the error of each other file', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'weir-dashboards-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const dashboard = { title: 'Shop', panels: [{ kind: 'series' }] }
  await writeFile(join(folder, 'b.json'), JSON.stringify(dashboard, null, 2))
  await writeFile(join(folder, 'a.json'), '{"panels": 1}')
  await writeFile(join(folder, 'c.json'), '{')
  await writeFile(join(folder, 'd.json'), ' '.repeat(300_000))
  await writeFile(join(folder, 'e.json'), '{"panels": [{}, {"kind": "top", "widht": 2}]}')
  await writeFile(join(folder, 'f.json'), '{"panels": [{"kind": "pie"}]}')
  await writeFile(join(folder, 'readme.txt'), 'text')
  const places: { folder?: string } = { folder }
  const { api } = await start({ dashboards: () => places.folder })
  const get = async () =>
    ((await (await fetch(`${api.url}/api/v1/dashboards`)).json()) as { dashboards: unknown }).dashboards
  expect(await get()).toEqual([
    { file: 'a.json', error: '"panels" must be array, not number.' },
    { file: 'b.json', json: JSON.stringify(dashboard) },
    { file: 'c.json', error: expect.stringMatching(/JSON/) as string },
    { file: 'd.json', error: 'The file is larger than 256 KiB.' },
    { file: 'e.json', error: '"panels[1].widht" is unknown here; did you mean "width"?' },
    {
      file: 'f.json',
      error: expect.stringMatching(/^"panels\[0\]\.kind" must be one of series, .*, text, not "pie"\.$/) as string,
    },
  ])
  places.folder = join(folder, 'none')
  expect(await get()).toMatchObject([{ error: 'There is no such folder.' }])
  delete places.folder
  expect(await get()).toEqual([])
})

test('converts a dashboard of Grafana for each user, and refuses other JSON', async () => {
  const { api } = await start()
  const send = async (dashboard: unknown) => {
    const response = await fetch(`${api.url}/api/v1/dashboards/import`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ dashboard }),
    })
    return [response.status, await response.json()]
  }
  const target = { datasource: { type: 'prometheus', uid: 'x' }, expr: 'up' }
  const panels = [
    { type: 'timeseries', title: 'Up', targets: [target] },
    { type: 'geomap', title: 'Map' },
  ]
  expect(await send({ title: 'A', schemaVersion: 36, panels })).toEqual([
    200,
    {
      json: JSON.stringify({
        title: 'A',
        panels: [{ title: 'Up', width: 4, kind: 'metric', queries: [{ expr: 'up' }], limit: 50 }],
      }),
      panels: 2,
      imported: 1,
      left_out: [{ panel: 'Map', reason: 'panels of type geomap' }],
      changed: [],
    },
  ])
  expect(await send({ title: 'A' })).toMatchObject([400, { code: 'WEIR_API_INVALID' }])
  expect(await send([1])).toMatchObject([400, { code: 'WEIR_API_INVALID' }])
})
