import { describe, expect, test } from 'vitest'
import { fakeHost } from '../../test/kit/fake-host.ts'
import type { Resolver } from '../engine/contracts.ts'
import { parseIp } from '../model/ip.ts'
import { readNetworks } from './networks-file.ts'
import { staticResolver, type StaticResolver } from './static-resolver.ts'

async function setUp(content?: string, file = '/networks.yaml') {
  const host = fakeHost(1, { jitter: false })
  const lines: string[] = []
  const say =
    (level: string) =>
    (message: string, fields?: Record<string, unknown>): void => {
      lines.push(`${level} ${message}${fields?.problem === undefined ? '' : ` ${String(fields.problem)}`}`)
    }
  const log = { debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error') }
  const write = async (text: string): Promise<void> => {
    await host.disk.remove(file)
    const opened = await host.disk.open(file, 'write')
    await opened.write(Buffer.from(text), 0)
    await opened.close()
  }
  if (content !== undefined) await write(content)
  const resolver = await staticResolver(host, file, log)
  return { host, lines, write, resolver, log }
}

function ask(resolver: StaticResolver, address: string, scope = ''): unknown {
  const port: Resolver = resolver
  const words = new Uint32Array(8)
  words.set(parseIp(address) ?? [], 4)
  const answer = port.resolve(words, 4, 0, scope)
  return answer.is === 'endpoint' ? answer.endpoint : answer.is
}

const yaml = `
networks:
  - { cidr: 10.0.0.0/8, label: all }
  - { cidr: 10.1.0.0/16, label: dc, name: data center }
  - { cidr: 10.1.0.0/16, label: dc of a, scope: a }
  - { cidr: 10.9.0.0/16, label: only a, scope: a }
  - { cidr: "2001:db8::/32", label: six }
`

describe('the static resolver', () => {
  test('names addresses from a YAML file', async () => {
    const { resolver, lines } = await setUp(yaml)
    expect(ask(resolver, '10.1.2.3')).toEqual({ name: 'data center', label: 'dc' })
    expect(ask(resolver, '10.2.2.3')).toEqual({ label: 'all' })
    expect(ask(resolver, '2001:db8::7')).toEqual({ label: 'six' })
    expect(ask(resolver, '192.0.2.1')).toBe('unknown')
    expect(lines).toEqual(['info Loaded network names.'])
  })

  test('applies entries with a scope in that scope only, and others in every scope', async () => {
    const { resolver } = await setUp(yaml)
    expect(ask(resolver, '10.9.0.1', 'a')).toEqual({ label: 'only a' })
    expect(ask(resolver, '10.9.0.1')).toEqual({ label: 'all' })
    expect(ask(resolver, '10.9.0.1', 'b')).toEqual({ label: 'all' })
    expect(ask(resolver, '10.1.0.1', 'a')).toEqual({ name: 'data center', label: 'dc' })
  })

  test('returns the same object every time', async () => {
    const { resolver } = await setUp(yaml)
    const words = parseIp('10.1.2.3') ?? new Uint32Array(4)
    expect(resolver.resolve(words, 0, 1, '')).toBe(resolver.resolve(words, 0, 2, ''))
  })

  test('names addresses from a CSV file', async () => {
    const { resolver } = await setUp('cidr,name,label\n10.0.0.0/8,,all\n10.1.0.0/16,gateway,\n', '/n.csv')
    expect(ask(resolver, '10.1.2.3')).toEqual({ name: 'gateway', label: 'all' })
  })

  test('reloads the file after a change and increases its generation', async () => {
    const { host, resolver, write } = await setUp('networks: [{ cidr: 10.0.0.0/8, label: old }]')
    expect(resolver.generation).toBe(1)
    await host.advance(10_000)
    expect(resolver.generation).toBe(1)
    await write('networks: [{ cidr: 10.0.0.0/8, label: new }]')
    await host.advance(2000)
    expect(ask(resolver, '10.0.0.1')).toEqual({ label: 'new' })
    expect(resolver.generation).toBe(2)
  })

  test('keeps its table while the file is invalid or missing, logs it once, and loads the corrected file', async () => {
    const { host, resolver, write, lines } = await setUp('networks: [{ cidr: 10.0.0.0/8, label: old }]')
    await write('networks:\n  - { cidr: 10.0.0.0/8, label: new }\n  - { cidr: 10.0.0.0/80, label: bad }\n')
    await host.advance(20_000)
    expect(ask(resolver, '10.0.0.1')).toEqual({ label: 'old' })
    await host.disk.remove('/networks.yaml')
    await host.advance(20_000)
    expect(ask(resolver, '10.0.0.1')).toEqual({ label: 'old' })
    expect(resolver.generation).toBe(1)
    expect(lines.slice(1)).toEqual([
      'warn Cannot use the networks file; the previous names stay in use. /networks.yaml:3:13: networks[1].cidr: ' +
        '`10.0.0.0/80` is not a range of addresses; write it like `10.0.0.0/8` or `2001:db8::/32`',
      'warn Cannot use the networks file; the previous names stay in use. the file does not exist',
    ])
    await write('networks: []')
    await host.advance(2000)
    expect(ask(resolver, '10.0.0.1')).toBe('unknown')
    expect(resolver.generation).toBe(2)
  })

  test('starts without its file, logs it, and loads it later', async () => {
    const { host, resolver, write, lines } = await setUp()
    expect(ask(resolver, '10.0.0.1')).toBe('unknown')
    expect(lines).toEqual(['warn Cannot use the networks file; addresses have no names. the file does not exist'])
    await write(yaml)
    await host.advance(2000)
    expect(ask(resolver, '10.0.0.1')).toEqual({ label: 'all' })
  })

  test('reloads at once on request, and not after close', async () => {
    const { host, resolver, write } = await setUp('networks: []')
    await write(yaml)
    await resolver.reload()
    expect(resolver.generation).toBe(2)
    resolver.close()
    await write('networks: []')
    await host.advance(60_000)
    expect(resolver.generation).toBe(2)
    expect(host.timersPending).toBe(0)
  })

  test('without a file resolves nothing and watches nothing', async () => {
    const { host, log } = await setUp('networks: []')
    const before = host.timersPending
    const resolver = await staticResolver(host, undefined, log)
    expect(ask(resolver, '10.0.0.1')).toBe('unknown')
    expect(resolver.generation).toBe(0)
    expect(host.timersPending).toBe(before)
  })
})

describe('a CSV file of networks', () => {
  const read = (content: string): unknown => {
    const { entries, problems } = readNetworks(content, 'n.csv')
    return problems ?? entries?.map(({ range: { bits }, ...rest }) => ({ bits, ...rest }))
  }

  test('can order its columns freely, quote its fields, and have comments and empty lines', () => {
    expect(
      read(
        '\ufefflabel,cidr,name\r\n# a comment\r\n\r\n"all, of ""us""",10.0.0.0/8,\r\n , 10.1.0.0/16 , gate way ' +
          '\r\nsix,2001:db8::/32\r\n',
      ),
    ).toEqual([
      { bits: 104, label: 'all, of "us"' },
      { bits: 112, name: 'gate way' },
      { bits: 32, label: 'six' },
    ])
    expect(read('cidr,label,scope\n10.0.0.1,"two\nlines",a')).toEqual([{ bits: 128, label: 'two\nlines', scope: 'a' }])
    expect(read('')).toEqual([])
  })

  test.each([
    [
      'cidr,nmae\n10.0.0.0/8,x',
      'n.csv:1: unknown column `nmae`; the first line names the columns, of cidr, name, label, scope',
    ],
    ['name,label\nx,y', 'n.csv:1: column `cidr` is missing; the first line names the columns'],
    [
      'cidr,name\n\n# one\n10.0.0.0/8,x\n10.0.0.300,y\n',
      'n.csv:5: `10.0.0.300` is not a range of addresses; write it like `10.0.0.0/8` or `2001:db8::/32`',
    ],
    ['cidr,name\n10.0.0.0/8,\n', 'n.csv:2: a range needs a `name` or a `label`'],
    ['cidr,name\n10.0.0.0/8,a,b\n', 'n.csv:2: 3 fields, but the first line names 2 columns'],
    ['cidr,name\n10.0.0.0/8,"a\n\n', 'n.csv:2: unterminated quoted field'],
    ['cidr,name\n"10.0.0.0/8"x,a\n', 'n.csv:2: unterminated quoted field'],
  ])('%j is refused with its line', (content, problem) => {
    expect(read(content)).toBe(problem)
  })
})

test('an invalid YAML file is reported with the position and the expected form', () => {
  const { problems } = readNetworks('networks:\n  - cidr: 10.0.0.0/8\n    lable: x\n', 'n.yaml')
  expect(problems).toMatch(/n\.yaml:3:5: networks\[0\]\.lable: unknown field; did you mean `label`\?/)
  expect(readNetworks('networks: [{ cidr: 10.0.0.0/8 }]', 'n.yaml').problems).toContain(
    'a range needs a `name` or a `label`',
  )
})
