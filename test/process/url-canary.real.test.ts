// Issue 56, item 7: no output has a part of a URL that may be a secret, whichever connector has the URL.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { launch } from '../../src/cli/testing/launch.ts'
import { infoOf } from '../../src/schema/index.ts'
import { components } from '../../src/app/components.ts'
import { canary, canaryConfig, plantedUrls } from '../kit/url-canary.ts'
import { startWeir } from '../kit/weir-process.ts'

test('every connector with a URL has a planted one', () => {
  const planted = plantedUrls('127.0.0.1:9')
  const types = new Set(planted.map(({ under, settings }) => `${under} ${String(settings['type'])}`))
  const needed = components().filter(
    ({ under, schema }) =>
      (under === 'sources' || under === 'sinks') &&
      Object.values(schema.fields).some((field) => infoOf(field).kind === 'url'),
  )
  expect(needed.map(({ under = '', type }) => `${under} ${type}`).filter((one) => !types.has(one))).toEqual([])
  // A host and a port only, or a path that would be a virtual host.
  const without = planted.filter(({ url }) => !url.includes(canary)).map(({ name }) => name)
  expect(without).toEqual(expect.arrayContaining(['sources gcppubsub.endpoint', 'sinks rabbitmq.url']))
  expect(without).toHaveLength(6)
})

test('no output has a canary from the user, path or query of any URL of any connector', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'weir-canary-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const { config, env, close } = await canaryConfig(folder)
  onTestFinished(close)
  await using weir = await startWeir({ folder, config, env })
  const get = async (url: string): Promise<string> => (await fetch(url)).text()
  await weir.events([{ specversion: '1.0', id: 'a', source: '/s', type: 't' }])
  const failing = async (): Promise<number> =>
    (await weir.pipeline()).sinks.filter(({ error }) => error !== undefined).length
  await expect.poll(failing, { timeout: 90_000 }).toBeGreaterThan(25)
  const events = async (): Promise<string> => JSON.stringify(await weir.sql('SELECT * FROM events'))
  await expect.poll(events, { timeout: 60_000 }).toContain('#polled')
  await expect.poll(() => get(`${weir.url}/api/v1/dead-letters`), { timeout: 60_000 }).toContain('Cannot take')
  const outputs: Record<string, string> = {}
  const paths = 'health pipeline ledger dead-letters exporters clusters home alerts'.split(' ')
  for (const path of paths) outputs[path] = await get(`${weir.url}/api/v1/${path}`)
  for (const path of ['healthz/ready', 'healthz/live', 'metrics']) outputs[path] = await get(`${weir.opsUrl}/${path}`)
  outputs['stored events'] = await events()
  const file = join(folder, 'weir.yaml')
  for (const args of [
    ['status', '--url', weir.url],
    ['events', '--url', weir.url, '-o', 'json'],
    ['config', '--config', file],
    ['validate', '--config', file],
    ['validate', '--no-environment', file],
    ['validate', '--live', '--config', file],
    ['doctor', '--config', file],
  ]) {
    const { stdout, stderr } = await launch(args, { env })
    outputs[args.join(' ').replaceAll(folder, '').replace(weir.url, 'URL')] = stdout + stderr
  }
  await weir.stop()
  outputs['log'] = weir.log
  for (const [name, text] of Object.entries(outputs)) {
    expect.soft(text.length, name).toBeGreaterThan(0)
    const at = text.indexOf(canary)
    expect.soft(at < 0 ? '' : text.slice(Math.max(0, at - 200), at + 100), name).toBe('')
  }
}, 300_000)
