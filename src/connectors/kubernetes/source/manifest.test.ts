import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { configMap, live, ModelJournal } from '../../../../test/kit/kubernetes-model.ts'
import { realHost } from '../../../host/index.ts'
import { Redactor } from '../map/redact.ts'
import { manifestOf } from './manifest.ts'

let dir = ''
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'weir-manifest-'))
})
afterAll(() => rm(dir, { recursive: true, force: true }))

const host = realHost()
const begun = Date.parse('2026-11-20T12:00:00Z')
const plain = { redactor: undefined, storeRetentionMs: undefined, now: begun }

test('the manifest of an object is available from the first list on, also after a kill', async () => {
  const [journal, path] = [new ModelJournal(), join(dir, 'first.sqlite')]
  const first = await live(journal, path, { begun, commitMs: 3_600_000 })
  await first.tracker.listing()
  await first.tracker.present(configMap('a', 'u1', 1, { x: '1' }))
  await first.tracker.listed('5')
  while (manifestOf(first.map, 'u1', plain) === undefined) await host.timers.yield()
  expect(manifestOf(first.map, 'u1', plain)).toEqual({
    object: expect.objectContaining({ kind: 'ConfigMap', data: { x: '1' } }) as unknown,
  })
  expect(manifestOf(first.map, 'u2', plain)).toBeUndefined()
  first.kill()
  const second = await live(journal, path, { begun })
  expect(manifestOf(second.map, 'u1', plain)?.object).toMatchObject({ data: { x: '1' } })
  await second.stop()
})

test('a state that is not in a journal yet is no manifest', async () => {
  const [journal, path] = [new ModelJournal(), join(dir, 'pending.sqlite')]
  const { tracker, map, stop } = await live(journal, path, { begun, commitMs: 3_600_000 })
  await tracker.listing()
  await tracker.present(configMap('a', 'u1', 1, { x: '1' }))
  await tracker.listed('5')
  while (manifestOf(map, 'u1', plain) === undefined) await host.timers.yield()
  await tracker.changed('MODIFIED', configMap('a', 'u1', 6, { x: '2' }))
  expect(manifestOf(map, 'u1', plain)?.object).toMatchObject({ data: { x: '1' } })
  await stop()
  const after = await live(journal, path, { begun })
  expect(manifestOf(after.map, 'u1', plain)?.object).toMatchObject({ data: { x: '2' } })
  await after.stop()
})

test('an object of an expired list is known since the expiry; its secrets are redacted', async () => {
  const { tracker, map, stop } = await live(new ModelJournal(), join(dir, 'old.sqlite'), { begun })
  await tracker.listing()
  await tracker.present(configMap('a', 'u1', 1, { password: 'sesame' }))
  await tracker.listed('5')
  while (manifestOf(map, 'u1', plain) === undefined) await host.timers.yield()
  const redactor = new Redactor({ key: Buffer.from('key of the test') })
  const found = manifestOf(map, 'u1', { redactor, storeRetentionMs: 1000, now: begun + 2000 })
  expect(found?.since).toBe(begun)
  expect(JSON.stringify(found)).not.toContain('sesame')
  expect(manifestOf(map, 'u1', { redactor, storeRetentionMs: 5000, now: begun + 2000 })?.since).toBeUndefined()
  await stop()
})
