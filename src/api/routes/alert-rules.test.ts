import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ForgetfulDisk } from '../../../test/kit/forgetful-disk.ts'
import { SeededRandom } from '../../../test/kit/random.ts'
import { AlertBook, type FileRule } from '../../alerts/index.ts'
import { ruleSchema } from '../../alerts/settings.ts'
import { usualRule } from '../../alerts/testing/rule.ts'
import { realHost } from '../../host/index.ts'
import { AlertSettings } from '../../topics/alerts/schema.ts'
import { startAlertRules, temporaryFolder, type AlertApi } from '../testing/alert-rules.ts'
import { log } from '../testing/kit.ts'
import { namespacedFlows } from '../testing/namespaces.ts'

const settings = { measure: 'bytes', window: '1h', every: '1s', condition: '> 100' }
const file: FileRule = { name: 'in-file', written: usualRule, file: '/etc/weir/weir.yaml', line: 12 }
const polling = { timeout: 30_000 }

interface Listed {
  readonly rules: readonly Readonly<{
    name: string
    state: string
    error?: string
    origin?: object
    settings?: Record<string, unknown>
    alerts: readonly Readonly<{ value: number; silenced_until?: string }>[]
  }>[]
  readonly firing: number
  readonly silenced: number
  readonly silences: readonly Readonly<{ id: string; rule: string; reason: string; by: string }>[]
  readonly problem?: string
}

const listed = async (api: AlertApi, token?: string): Promise<Listed> =>
  (await api.send('GET', 'alerts', undefined, token)).body as unknown as Listed
const stateOf = async (api: AlertApi, name: string) =>
  (await listed(api)).rules.find((rule) => rule.name === name)?.state

test('a rule of a user is evaluated without a restart, survives one, and ends with its alerts', async () => {
  const folder = await temporaryFolder()
  const api = await startAlertRules({ folder })
  await api.addBatch(namespacedFlows(Date.now() - 60_000), Date.now() - 60_000)
  const put = await api.send('PUT', 'alerts/much', { settings })
  expect(put).toMatchObject({ status: 200, body: { name: 'much' } })
  await expect.poll(() => stateOf(api, 'much'), polling).toBe('firing')
  const [rule] = (await listed(api)).rules
  expect(rule).toMatchObject({
    origin: { is: 'api', by: 'local', changed: put.body['changed'] },
    settings: { ...settings, on: 'flows', for: '0s', severity: 'warning' },
    alerts: [{ value: 511 }],
  })
  const again = await startAlertRules({ folder })
  expect((await listed(again)).rules.map(({ name }) => name)).toEqual(['much'])
  expect((await api.send('DELETE', 'alerts/much')).body).toEqual({ deleted: 'much' })
  await expect.poll(async () => (await listed(api)).rules, polling).toEqual([])
  const bodies = api.units.map(({ raw }) => Buffer.from(raw).toString('latin1'))
  expect(bodies.at(-1)).toContain('the rule was removed')
  expect((await listed(await startAlertRules({ folder }))).rules).toEqual([])
})

test('of two editors only the first replaces a version, and none a rule that exists', async () => {
  const api = await startAlertRules()
  const first = String((await api.send('PUT', 'alerts/a', { settings })).body['changed'])
  const change = (condition: string, before?: string) =>
    api.send('PUT', 'alerts/a', { settings: { ...settings, condition }, ...(before === undefined ? {} : { before }) })
  const conflict = { status: 409, body: { code: 'WEIR_API_CONFLICT' } }
  expect(await change('> 1')).toMatchObject(conflict)
  const answers = await Promise.all([change('> 2', first), change('> 3', first)])
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 409]))
  const kept = answers[0].status === 200 ? '> 2' : '> 3'
  expect((await listed(api)).rules[0]?.settings?.['condition']).toBe(kept)
  expect(await api.send('DELETE', `alerts/a?before=${first}`)).toMatchObject(conflict)
  const second = answers.find(({ status }) => status === 200)?.body['changed']
  expect((await api.send('DELETE', `alerts/a?before=${String(second)}`)).status).toBe(200)
  expect(await change('> 4', String(second))).toMatchObject(conflict)
})

test('rules of the configuration are listed with their origin, and cannot be changed', async () => {
  const folder = await temporaryFolder()
  await (await startAlertRules({ folder })).send('PUT', 'alerts/in-file', { settings })
  const api = await startAlertRules({ folder, files: [file] })
  const { rules } = await listed(api)
  expect(rules.map(({ origin, error }) => [origin, error])).toEqual([
    [{ is: 'file', file: file.file, line: 12 }, undefined],
    [expect.objectContaining({ is: 'api' }), expect.stringContaining('weir.yaml, line 12 has a rule of the same name')],
  ])
  for (const answer of [
    await api.send('PUT', 'alerts/in-file', { settings }),
    await api.send('DELETE', 'alerts/in-file'),
  ])
    expect(answer).toMatchObject({
      status: 403,
      body: { detail: 'Alert rule in-file is in /etc/weir/weir.yaml, line 12, and is changed there.' },
    })
})

test('faults of a rule are those of the configuration, with the name of the setting', async () => {
  const api = await startAlertRules()
  const detail = async (name: string, wrong: object) => {
    const { status, body } = await api.send('PUT', `alerts/${name}`, { settings: wrong })
    return [status, body['detail']]
  }
  expect(await detail('a', { ...settings, condition: '10 MB' })).toEqual([
    400,
    'condition: `10 MB` is not a condition; write for example `> 10 MB/s`.',
  ])
  expect(await detail('a', { ...settings, filter: 'src.nss = shop' })).toEqual([
    400,
    expect.stringMatching(/^filter: .*src\.nss/),
  ])
  expect(await detail('a', { ...settings, window: '5 min' })).toEqual([
    400,
    expect.stringMatching(/^window: .*duration/),
  ])
  expect(await detail('a', { ...settings, severity: 'high' })).toEqual([400, expect.stringMatching(/^severity: /)])
  expect(await detail('a', { measure: 'bytes' })).toEqual([400, 'condition: is missing.'])
  expect((await detail('a', { ...settings, windows: '5m' }))[1]).toContain('windows')
  expect((await detail('a%20b', settings))[1]).toContain("can't be the name of a rule")
  expect((await listed(api)).rules).toEqual([])
})

test('the API has exactly the settings of a rule', () => {
  expect(Object.keys(AlertSettings.properties).toSorted()).toEqual(Object.keys(ruleSchema.fields).toSorted())
})

test('a silenced alert is listed and counted, and is sent after the silence was ended', async () => {
  const folder = await temporaryFolder()
  const api = await startAlertRules({ folder })
  await api.addBatch(namespacedFlows(Date.now() - 60_000), Date.now() - 60_000)
  await api.send('PUT', 'alerts/much', { settings: { ...settings, condition: '> 1000' } })
  expect((await api.send('POST', 'alerts/none/silences', { until: 'now+1h', reason: 'x' })).status).toBe(404)
  expect((await api.send('POST', 'alerts/much/silences', { until: 'now-1h', reason: 'x' })).status).toBe(400)
  expect((await api.send('POST', 'alerts/much/silences', { until: 'now+1h' })).status).toBe(400)
  const begun = await api.send('POST', 'alerts/much/silences', { until: 'now+1h', reason: 'maintenance' })
  expect(begun).toMatchObject({ status: 200, body: { rule: 'much', reason: 'maintenance', by: 'local', labels: {} } })
  const { changed } = (await listed(api)).rules[0]!.origin as { changed: string }
  await api.send('PUT', 'alerts/much', { settings, before: changed })
  await expect.poll(() => stateOf(api, 'much'), polling).toBe('firing')
  const types = () =>
    api.units.map(({ raw }) => /weir\.alert\.(?:firing|silenced)/.exec(Buffer.from(raw).toString('latin1'))?.[0])
  expect(await listed(api)).toMatchObject({
    firing: 1,
    silenced: 1,
    rules: [{ alerts: [{ silenced_until: begun.body['until'] }] }],
  })
  expect(types()).toEqual(['weir.alert.silenced'])
  const again = await startAlertRules({ folder })
  expect((await listed(again)).silences).toEqual([begun.body])
  expect((await api.send('DELETE', `alerts/much/silences/${String(begun.body['id'])}`)).status).toBe(200)
  expect((await api.send('DELETE', `alerts/much/silences/${String(begun.body['id'])}`)).status).toBe(404)
  await expect.poll(types, polling).toEqual(['weir.alert.silenced', 'weir.alert.firing'])
  expect((await listed(api)).silenced).toBe(0)
})

test('the history has each alert once, with its end, and no test', async () => {
  const api = await startAlertRules()
  await api.addBatch(namespacedFlows(Date.now() - 60_000), Date.now() - 60_000)
  await api.send('PUT', 'alerts/much', { settings: { ...settings, resend: '1s' } })
  await expect.poll(() => api.units.length, polling).toBeGreaterThan(2)
  const sent = await api.send('POST', 'alerts/much/send-test')
  expect(sent).toMatchObject({ status: 200, body: { name: 'much', sinks: [] } })
  expect((await api.send('POST', 'alerts/none/send-test')).status).toBe(404)
  const texts = api.units.map(({ raw }) => Buffer.from(raw).toString('latin1')).join('\n')
  expect(texts).toContain('"summary":"Test of alert rule much, sent by local. Nothing fires."')
  const history = async (query = '') => (await api.send('GET', `alerts/history${query}`)).body['alerts']
  // Before its event is stored.
  expect(await history()).toMatchObject([{ rule: 'much', value: 511, ends_at: null }])
  await api.storeEvents()
  expect(await history('?from=now-1s')).toMatchObject([{ rule: 'much', ends_at: null }])
  expect(await history()).toMatchObject([
    { rule: 'much', value: 511, ends_at: null, silenced: false, severity: 'warning' },
  ])
  await api.send('DELETE', 'alerts/much')
  await expect.poll(() => stateOf(api, 'much'), polling).toBe(undefined)
  await api.storeEvents()
  expect(await history()).toMatchObject([{ rule: 'much', reason: 'the rule was removed', ends_at: expect.any(String) }])
  expect(await history('?rule=other')).toEqual([])
  expect(await history('?from=now-2d&to=now-1d')).toEqual([])
})

test('viewers read; only admins write; a limited viewer sees what its namespaces permit', async () => {
  const auth = {
    tokens: [
      { name: 'root', token: 'admin' },
      { name: 'all', token: 'all', role: 'viewer' },
      { name: 'shop', token: 'shop', role: 'viewer', namespaces: ['shop'] },
    ],
  } as const
  const api = await startAlertRules({ auth })
  await api.addBatch(namespacedFlows(Date.now() - 60_000), Date.now() - 60_000)
  const own = { ...settings, filter: 'src.ns = shop and dst.ns = shop', condition: '> 0' }
  await api.send('PUT', 'alerts/own', { settings: own }, 'admin')
  await api.send('PUT', 'alerts/every', { settings }, 'admin')
  for (const name of ['own', 'every'])
    await api.send('POST', `alerts/${name}/silences`, { until: 'now+1h', reason: 'secret' }, 'admin')
  await expect.poll(async () => (await listed(api, 'admin')).firing, polling).toBe(2)
  await api.storeEvents()
  const seen = await listed(api, 'shop')
  expect(seen.rules.map(({ name, origin, settings: shown }) => [name, origin, shown])).toEqual([
    ['own', undefined, undefined],
  ])
  expect(seen.silences.map(({ rule }) => rule)).toEqual(['own'])
  const past = (token: string) => api.send('GET', 'alerts/history', undefined, token)
  expect((await past('shop')).body['alerts']).toMatchObject([{ rule: 'own' }])
  expect((await past('all')).body['alerts']).toHaveLength(2)
  expect((await listed(api, 'all')).rules).toHaveLength(2)
  const preview = (token: string) => api.send('POST', 'alerts/preview', { settings }, token)
  expect([(await preview('shop')).status, (await preview('all')).status]).toEqual([403, 200])
  const [silence] = (await listed(api, 'admin')).silences
  for (const token of ['all', 'shop'])
    for (const [method, path, body] of [
      ['PUT', 'alerts/own-2', { settings }],
      ['DELETE', 'alerts/own'],
      ['POST', 'alerts/own/silences', { until: 'now+1h', reason: 'x' }],
      ['DELETE', `alerts/own/silences/${silence!.id}`],
      ['POST', 'alerts/own/send-test'],
    ] as const)
      expect((await api.send(method, path, body, token)).status, `${token} ${method} ${path}`).toBe(403)
})

test('a damaged file is reported, never overwritten, and read again after a repair', async () => {
  const folder = await temporaryFolder()
  await (await startAlertRules({ folder })).send('PUT', 'alerts/a', { settings })
  const path = join(folder, 'alert-rules.json')
  const whole = await readFile(path, 'utf8')
  await writeFile(path, whole.slice(0, -20))
  const api = await startAlertRules({ folder, files: [file] })
  expect(await listed(api)).toMatchObject({ rules: [{ name: 'in-file' }], problem: expect.stringContaining('damaged') })
  const refused = await api.send('PUT', 'alerts/b', { settings })
  expect(refused).toMatchObject({ status: 503, body: { code: 'WEIR_API_ALERT_RULES' } })
  expect(String((refused.body['hints'] as string[])[0])).toContain(path)
  expect(await readFile(path, 'utf8')).toBe(whole.slice(0, -20))
  await writeFile(path, whole)
  expect((await listed(api)).rules.map(({ name }) => name)).toEqual(expect.arrayContaining(['in-file', 'a']))
})

test('after a power failure every acknowledged rule and silence is stored, and the file is whole', async () => {
  let interrupted = 0
  for (let seed = 1; seed <= 100; seed++) {
    const disk = new ForgetfulDisk(seed)
    await disk.makeDirectory('/data')
    await disk.syncDirectory('/')
    const host = { clock: { now: () => 1, monotonic: () => 1 }, random: realHost().random, disk }
    const open = async () => {
      const book = new AlertBook({
        host,
        log,
        folder: '/data',
        fileRules: () => [],
        refreshes: () => 'once',
        onChange: () => {},
      })
      await book.open()
      return book
    }
    const book = await open()
    const answered: string[] = []
    disk.powerOffAfter(new SeededRandom(seed).integer(1, 60))
    for (let index = 0; index < 8; index++) {
      try {
        if (index % 2 === 0) await book.put({ name: `r${index}`, settings, before: undefined, by: 'ann' })
        else await book.silence({ rule: `r${index}`, labels: {}, until: 1000, reason: 'x', by: 'ann' })
        answered.push(`r${index}`)
      } catch {
        break
      }
    }
    if (answered.length < 8) interrupted++
    disk.crash()
    const after = await open()
    const stored = [...(await after.known()).rules.map(({ name }) => name), ...after.silences().map(({ rule }) => rule)]
    // The unacknowledged change may be stored, too.
    expect([answered, [...answered, `r${answered.length}`]], `seed ${seed}`).toContainEqual(stored.toSorted())
  }
  expect(interrupted).toBeGreaterThan(25)
})
