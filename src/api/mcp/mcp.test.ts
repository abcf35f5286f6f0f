import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { expect, onTestFinished, test } from 'vitest'
import { accessRules } from '../access/decisions.ts'
import { startStored } from '../testing/stored.ts'
import { toolNames } from './tools.ts'

const now = Date.now()
const someFlows = [
  { src: '10.0.0.1', dst: '10.0.1.1', bytes: 9_007_199_254_740_993n },
  { src: '10.0.0.2', dst: '10.0.1.1', bytes: 500 },
]

type Given = Readonly<Record<string, unknown>>
type Content = Readonly<{ isError?: boolean; content: readonly Readonly<{ type: string; text?: string }>[] }>

async function connect(url: string, headers: Readonly<Record<string, string>> = {}) {
  const client = new Client({ name: 'test', version: '1' })
  const transport = new StreamableHTTPClientTransport(new URL(`${url}/mcp`), { requestInit: { headers } })
  await client.connect(transport)
  onTestFinished(() => client.close())
  const call = async (name: string, given: Given = {}) => {
    const { content, isError } = (await client.callTool({ name, arguments: given })) as Content
    return { text: content[0]?.text ?? '', isError: isError === true }
  }
  return { client, call }
}

type Shown = Readonly<{ query: string; permalink: string; coverage: Given; result: Given }>

test('a client lists the tools, and each has the parameters of its operation', async () => {
  const { url } = await startStored()
  const { client } = await connect(url)
  const { tools } = await client.listTools()
  expect(tools.map(({ name }) => name)).toEqual(toolNames)
  for (const { name, description, inputSchema } of tools) {
    expect([name, accessRules[name] !== undefined, (description ?? '').length > 20]).toEqual([name, true, true])
    expect(inputSchema.type).toBe('object')
  }
  const flows = tools.find(({ name }) => name === 'flows')
  expect(Object.keys(flows?.inputSchema.properties ?? {})).toEqual(expect.arrayContaining(['filter', 'from', 'group']))
  expect(client.getServerVersion()?.name).toBe('weir')
  expect(client.getInstructions()).toMatch(/Begin with/)
})

test('a result equals that of the API, with its query, its coverage and an address with fixed times', async () => {
  const api = await startStored()
  await api.add(someFlows, now - 5000)
  const { call } = await connect(api.url)
  const [from, to] = [String(now - 60_000), String(now - 4000)]
  const parameters = { filter: 'bytes > 400', from, to, group: 'src_addr' }
  const { text, isError } = await call('flows', parameters)
  expect(isError, text).toBe(false)
  const { query, permalink, coverage, result } = JSON.parse(text) as Shown
  const { body } = await api.get('flows', parameters)
  expect(result).toEqual(body)
  expect(text).toContain('"9007199254740993"')
  expect(query).toMatch(/^GET \/api\/v1\/flows\?/)
  expect(coverage).toMatchObject({ source: body['source'], exact: body['exact'], span: body['span'] })
  const { pathname, searchParams } = new URL(permalink)
  const span = body['span'] as { from: string; to: string }
  expect([pathname, searchParams.get('q')]).toEqual(['/flows', 'bytes > 400'])
  expect(searchParams.get('t')).toBe(`${span.from}..${span.to}`)
  const sql = await call('sql', { sql: "SELECT count(*) AS n FROM flows WHERE dst_addr = '10.0.1.1'" })
  expect((JSON.parse(sql.text) as Shown).result).toEqual([{ n: 2 }])
})

test('mistakes get the message of the API and its hints, and end no session', async () => {
  const { url } = await startStored()
  const { call } = await connect(url)
  expect(await call('flows', { filter: 'scr.ns = a' })).toMatchObject({
    isError: true,
    text: expect.stringMatching(/src/) as string,
  })
  expect(await call('flows', { colour: 'red' })).toMatchObject({ isError: true })
  expect(await call('sql', { sql: 'DROP TABLE flows' })).toMatchObject({ isError: true })
  expect(await call('drop')).toMatchObject({
    isError: true,
    text: expect.stringMatching(/^There is no tool drop\. Tools: home/) as string,
  })
  expect((await call('fields')).isError).toBe(false)
})

test('a result that is too large is an error, and is not read to its end', async () => {
  const api = await startStored()
  const { call } = await connect(api.url)
  const { text, isError } = await call('sql', { sql: "SELECT repeat('x', 1000) AS text FROM range(100000000)" })
  expect([isError, text]).toEqual([true, expect.stringMatching(/more than 1 MiB/)])
  expect((await call('fields')).isError).toBe(false)
})

test('a tool has the role, the namespaces and the token of its caller', async () => {
  const token = 'a-token-of-thirty-two-characters-1'
  const limited = 'a-token-of-thirty-two-characters-2'
  const tokens = [
    { name: 'admin', token, role: 'admin' as const },
    { name: 'team', token: limited, role: 'viewer' as const, namespaces: ['shop'] },
  ]
  const api = await startStored({ auth: { tokens: tokens as never } })
  await api.add(someFlows, now - 1000)
  await expect(connect(api.url)).rejects.toThrow()
  const bearer = (value: string) => ({ authorization: `Bearer ${value}` })
  const asAdmin = await connect(api.url, bearer(token))
  expect((JSON.parse((await asAdmin.call('flows')).text) as Shown).result['rows']).toHaveLength(2)
  const asTeam = await connect(api.url, bearer(limited))
  expect((JSON.parse((await asTeam.call('flows')).text) as Shown).result['rows']).toEqual([])
  expect(await asTeam.call('sql', { sql: 'SELECT 1' })).toMatchObject({ isError: true })
})

test('there are no sessions, and a message that is no request is refused', async () => {
  const { url } = await startStored()
  expect((await fetch(`${url}/mcp`)).status).toBe(405)
  const post = (body: unknown) =>
    fetch(`${url}/mcp`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
      body: JSON.stringify(body),
    })
  const answer = await post({ jsonrpc: '2.0', method: 'no/such', id: 1, params: {} })
  expect(await answer.text()).toMatch(/-32601|not found/i)
})
