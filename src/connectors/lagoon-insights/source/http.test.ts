import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { gunzipSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { describe, expect, onTestFinished, test } from 'vitest'
import { answerAfterBody } from '../../../../test/kit/raw-http.ts'
import { eventsOf } from '../../../../test/conformance/polling-bench.ts'
import { TestJournal } from '../../../../test/conformance/test-journal.ts'
import { insightTypes } from '../../../model/image-insights.ts'
import { insightsTypes } from '../../../model/insights.ts'
import { mintToken } from '../../../net/lagoon-token.ts'
import { configFrom, type WrittenConfigOf } from '../../../schema/index.ts'
import { insightsSchema } from '../config.ts'
import { ReportContents } from './contents.ts'
import { InsightsWeb } from './http.ts'
import { Namespaces } from './namespaces.ts'

const secret = 's'.repeat(32)
const claims = { environmentId: '777', environmentName: 'main', namespace: 'proj-main', projectName: 'proj' }

interface Options {
  readonly settings?: Partial<WrittenConfigOf<typeof insightsSchema>>
  readonly hasStore?: boolean
  readonly namespaces?: Namespaces
}

async function stage({ settings = {}, hasStore = false, namespaces }: Options = {}) {
  const journal = new TestJournal()
  const seen = new Set<string>()
  const own = journal.context(1)
  const context = {
    ...own,
    ...(hasStore ? { storeRetentionMs: Infinity } : {}),
    appendOnce: async (unit: Parameters<typeof own.append>[0]) => {
      const ids = eventsOf(unit as never).map(({ id }) => id)
      const duplicates = ids.filter((id) => seen.has(id)).length
      for (const id of ids) seen.add(id)
      const appended = await own.append(unit)
      if (duplicates > 0) journal.units.pop()
      return { ...appended, accepted: ids.length - duplicates, duplicates }
    },
  }
  const config = configFrom(insightsSchema, { listen: 'off', token_secret: 'env:X', ...settings })
  const contents = await ReportContents.open(config, context)
  const web = new InsightsWeb({ config, context, contents, secrets: [secret], namespaces })
  const server = createServer(web.listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const golden = await mintToken(secret, claims)
  const send = async (
    method: string,
    path: string,
    body?: string | Uint8Array,
    headers: Readonly<Record<string, string>> = { authorization: golden },
  ): Promise<readonly [number, string]> => {
    const init = {
      method,
      headers,
      redirect: 'manual',
      ...(body === undefined ? {} : { body: Buffer.from(body) }),
    } as const
    const response = await fetch(`${url}${path}`, init)
    return [response.status, await response.text()]
  }
  const events = (): ReturnType<typeof eventsOf> => journal.units.flatMap(eventsOf)
  const messages = (): string[] =>
    events()
      .filter(({ type }) => type === insightsTypes.report)
      .map(({ data }) => new TextDecoder().decode(data))
  return { journal, golden, url, send, events, messages, memory: own.host.memory }
}

const okay = [200, '{"message":"okay"}']

describe('requests', () => {
  test('are appended as the message of insights-remote before status 200', async () => {
    const { send, messages, events } = await stage()
    expect(await send('POST', '/facts', '[{"name":"a","value":"1"}]')).toEqual(okay)
    expect(await send('POST', '/problems', '[{"identifier":"X"}]')).toEqual(okay)
    expect(await send('DELETE', '/facts/a%20b')).toEqual(okay)
    expect(await send('DELETE', '/problems/src/cli')).toEqual(okay)
    expect(messages().map((text) => (JSON.parse(text) as { type: string }).type)).toEqual([
      'direct.facts',
      'direct.problems',
      'direct.delete.facts',
      'direct.delete.problems',
    ])
    expect(messages().at(-1)).toBe('{"type":"direct.delete.problems","environment":777,"source":"src","service":"cli"}')
    expect(events().every(({ subject }) => subject === 'namespaces/proj-main')).toBe(true)
  })

  test.each([
    ['POST', '/facts', '{bad', 400],
    ['POST', '/facts', '[{"value":8}]', 400],
    ['POST', '/problems', '{}', 400],
    ['POST', '/problems', '[{"severityScore":"1"}]', 400],
    ['POST', '/facts', JSON.stringify(Array.from({ length: 10_001 }, () => ({}))), 422],
    ['POST', '/facts', `[{"value":"${'x'.repeat(70_000)}"}]`, 422],
    ['POST', '/none', '[]', 404],
    ['GET', '/facts', undefined, 404],
    ['DELETE', '/facts', undefined, 404],
    ['DELETE', '/facts/a/b/c', undefined, 404],
    ['DELETE', '/facts/%E0%A4', undefined, 400],
    ['POST', '/facts/', '[]', 307],
  ])('%s %s %s has another status, and nothing is appended', async (method, path, body, status) => {
    const { send, events } = await stage()
    expect((await send(method, path, body))[0]).toBe(status)
    expect(events()).toEqual([])
  })

  test.each([
    ['without a token', '', 401],
    ['above the limit', 'token', 413],
  ])('%s are answered after their body', async (_, given, status) => {
    const { url, golden } = await stage()
    const headers = given === '' ? '' : `authorization: ${golden}\r\n`
    for (let time = 0; time < 5; time++)
      expect(await answerAfterBody(Number(new URL(url).port), '/facts', 16 << 20, headers)).toMatch(
        new RegExp(`^HTTP/1.1 ${status} `),
      )
  })

  test('above the limit, or with an encoding, are refused', async () => {
    const { send, golden } = await stage({ settings: { max_body: '64KiB' } })
    expect((await send('POST', '/facts', ' '.repeat(70_000)))[0]).toBe(413)
    const encoded = { authorization: golden, 'content-encoding': 'gzip' }
    expect((await send('POST', '/facts', 'x', encoded))[0]).toBe(415)
  })

  test('that the journal does not accept have status 503, without a reason of the machine', async () => {
    const { journal, send } = await stage()
    journal.refuse()
    expect(await send('POST', '/facts', '[]')).toEqual([
      503,
      '{"message":"the report cannot be stored now","status":"unavailable"}',
    ])
  })

  test('during a write share the next one, and fail with it', async () => {
    const { journal, send, messages } = await stage()
    const post = (name: string): ReturnType<typeof send> => send('POST', '/facts', `[{"name":"${name}"}]`)
    journal.hold()
    const first = post('a')
    await expect.poll(() => journal.waiting).toBe(1)
    const others = ['b', 'c', 'd'].map(post)
    await expect.poll(() => send('GET', '/none')).toEqual([404, '404 page not found'])
    journal.release()
    expect(await Promise.all([first, ...others])).toEqual([okay, okay, okay, okay])
    expect(messages()).toHaveLength(4)
    expect(journal.units.length).toBeLessThan(4)
    expect(new Set(journal.units.flatMap(eventsOf).map(({ id }) => id)).size).toBe(4)
    journal.refuse()
    expect((await Promise.all(['e', 'f'].map(post))).map(([status]) => status)).toEqual([503, 503])
    expect(messages()).toHaveLength(4)
  })

  test('with an Idempotency-Key are appended once', async () => {
    const { send, golden, messages, events } = await stage({ hasStore: true })
    const headers = { authorization: golden, 'idempotency-key': 'one' }
    const body = '[{"name":"a","value":"1"}]'
    expect(await send('POST', '/facts', body, headers)).toEqual(okay)
    const before = events().length
    expect(await send('POST', '/facts', body, headers)).toEqual(okay)
    expect([messages().length, events().length]).toEqual([1, before])
  })
})

describe('SBOMs', () => {
  const bom = JSON.stringify({
    bomFormat: 'CycloneDX',
    specVersion: '1.5',
    metadata: { tools: { components: [{ type: 'application', name: 'syft' }] } },
    components: [{ type: 'library', name: 'a', version: '1', purl: 'pkg:npm/a@1' }],
  })

  test('44: are the message of a ConfigMap with the names of the token; equal contents are stored once', async () => {
    const { send, messages, events, golden } = await stage({ hasStore: true })
    for (const [body, encoding] of [
      [bom, undefined],
      [gzipSync(bom), 'gzip'],
      [gzipSync(bom), undefined],
      [zstdCompressSync(bom), 'zstd'],
    ] as const) {
      const headers = { authorization: golden, ...(encoding === undefined ? {} : { 'content-encoding': encoding }) }
      expect(await send('POST', '/sbom/cli', body, headers)).toEqual(okay)
    }
    const sent = messages().map((text) => {
      const { binaryPayload, ...rest } = JSON.parse(text) as { binaryPayload: Record<string, string> }
      const [[name, file] = ['', '']] = Object.entries(binaryPayload)
      expect([name, gunzipSync(Buffer.from(file, 'base64')).toString()]).toEqual(['cli.cyclonedx.json.gz', bom])
      return rest
    })
    expect(sent).toHaveLength(4)
    expect(sent[0]).toEqual({
      payload: null,
      annotations: { 'core.insights.lagoon.sh/enabled': 'true' },
      labels: {
        'lagoon.sh/environment': 'main',
        'lagoon.sh/insightsType': 'sbom-gz',
        'lagoon.sh/project': 'proj',
        'lagoon.sh/service': 'cli',
      },
      namespace: 'proj-main',
      environment: 'main',
      service: 'cli',
      project: 'proj',
      type: 'sbom',
    })
    const packages = events().filter(({ subject }) => subject === 'pkg:npm/a@1')
    expect(packages.map(({ key }) => key)).toEqual(['lagoon:default/proj-main/cli'])
  })

  test.each([
    ['/sbom/cli', '{"bomFormat":', {}, 400],
    ['/sbom/cli', '{"hello":1}', {}, 415],
    ['/sbom/cli', '<bom xmlns="http://cyclonedx.org/schema/bom/1.5"/>', {}, 415],
    ['/sbom/cli', '{"Architecture":"amd64","Os":"linux"}', {}, 415],
    ['/sbom/cli', gzipSync(Buffer.alloc(4 << 20)), {}, 413],
    ['/sbom/cli', gzipSync(bom).subarray(0, 40), {}, 400],
    ['/sbom/cli', ' '.repeat(70_000), {}, 413],
    ['/sbom/cli', bom, { 'content-encoding': 'br' }, 415],
    ['/sbom/cli', bom, { authorization: 'abc' }, 401],
    ['/sbom/a%2Fb', bom, {}, 404],
    ['/sbom/-', bom, {}, 400],
    ['/sbom', bom, {}, 400],
  ])('%s with another body or token has a status of its own, and nothing is appended', async (...given) => {
    const [path, body, headers, status] = given
    const { send, events, golden } = await stage({ settings: { max_sbom: '64KiB' } })
    expect((await send('POST', path, body, { authorization: golden, ...headers }))[0]).toBe(status)
    expect(events()).toEqual([])
  })

  test('with `strict` have no path, as in insights-remote', async () => {
    const { send } = await stage({ settings: { strict: true } })
    expect((await send('POST', '/sbom/cli', bom))[0]).toBe(404)
  })
})

describe('tokens', () => {
  test.each([
    ['a missing one', undefined, 401],
    ['one without three parts', 'abc', 401],
    ['another signature', 'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.e30.AAAA', 401],
  ])('%s is refused with one message', async (_, token, status) => {
    const { send } = await stage()
    const answer = await send('POST', '/facts', '[]', token === undefined ? {} : { authorization: token })
    expect(answer).toEqual([status, '{"message":"the token is missing or not valid","status":"unauthorized"}'])
  })

  test('are accepted after `Bearer`; with `strict` that is refused, and a malformed one has status 500', async () => {
    const { send, golden } = await stage()
    expect(await send('POST', '/facts', '[]', { authorization: `Bearer ${golden}` })).toEqual(okay)
    const strict = await stage({ settings: { strict: true } })
    expect((await strict.send('POST', '/facts', '[]', { authorization: `Bearer ${golden}` }))[0]).toBe(401)
    expect(await strict.send('POST', '/facts', '[]', {})).toEqual([500, ''])
  })

  test('of unread namespaces have to wait, and of other environments are refused', async () => {
    const { send } = await stage({ namespaces: new Namespaces() })
    expect((await send('POST', '/facts', '[]'))[0]).toBe(503)
    const listed = Object.assign(new Namespaces(), { belongs: () => false })
    Object.defineProperty(listed, 'isListed', { value: true })
    const other = await stage({ namespaces: listed })
    expect((await other.send('POST', '/facts', '[]'))[0]).toBe(403)
  })

  test('with an environment id that is no integer are refused', async () => {
    const { send } = await stage()
    const token = await mintToken(secret, { ...claims, environmentId: 'x' })
    for (const [method, path] of [
      ['POST', '/facts'],
      ['DELETE', '/facts/a'],
    ] as const)
      expect((await send(method, path, method === 'POST' ? '[]' : undefined, { authorization: token }))[0]).toBe(400)
  })
})

describe('with a store', () => {
  const rows = (events: ReturnType<typeof eventsOf>): string[] =>
    events
      .filter(({ type }) => type !== insightsTypes.report)
      .map(({ type, key, subject = '', data }) => {
        const { facts, problems } = JSON.parse(new TextDecoder().decode(data)) as Record<string, unknown>
        const count = type === insightTypes.report ? `${String(facts)}/${String(problems)}` : subject
        return `${type.replace('weir.image.', '')} ${key ?? ''} ${count}`
      })
  const cli = 'lagoon:default/proj-main/cli'

  test('facts and problems are also events of their service, and a deletion ends them', async () => {
    const { send, events, journal } = await stage({ hasStore: true })
    await send('POST', '/facts', '[{"name":"php","value":"8","source":"s","service":"cli","category":"app"}]')
    const problem = { identifier: 'CVE-1', severity: 'high', severityScore: 0.7, associatedPackage: 'p', version: '1' }
    await send('POST', '/problems', JSON.stringify([{ ...problem, source: 's', service: 'cli' }]))
    expect(rows(events())).toEqual([
      `fact ${cli} app/php`,
      `report ${cli} 1/undefined`,
      `problem ${cli} CVE-1 unknown/p@1`,
      `report ${cli} undefined/1`,
    ])
    const before = journal.units.length
    await send('DELETE', '/problems/s')
    expect(rows(journal.units.slice(before).flatMap(eventsOf))).toEqual([`report ${cli} undefined/0`])
  })

  test('`contents: false` emits the message alone', async () => {
    const { send, events } = await stage({ hasStore: true, settings: { contents: false } })
    await send('POST', '/facts', '[{"name":"php","value":"8"}]')
    expect(events()).toHaveLength(1)
  })
})

test('bodies that need more memory than there is for decoding get 413, and 503 while others use it', async () => {
  const { send, messages, memory } = await stage()
  memory.capacity = 8 << 20
  const lists = `[${'[],'.repeat(300_000)}[]]`
  expect(await send('POST', '/facts', lists)).toMatchObject([413, expect.stringContaining('decoding needs more than')])
  const bom = `{"bomFormat":"CycloneDX","components":${lists}}`
  expect((await send('POST', '/sbom/cli', gzipSync(bom)))[0]).toBe(413)
  const others = [memory.reserve(7 << 20), memory.reserve(1 << 20)]
  expect((await send('POST', '/facts', '[]'))[0]).toBe(503)
  for (const other of others) other.release()
  expect((await send('POST', '/facts', '[]'))[0]).toBe(200)
  expect([messages().length, memory.used]).toEqual([1, 0])
})
