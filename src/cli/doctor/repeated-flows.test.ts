import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { loadConfig } from '../../app/load-config.ts'
import { realHost } from '../../host/index.ts'
import { temporaryFolder } from '../testing/command.ts'
import { configuredRules, pairFindings, type Pair } from './repeated-flows.ts'

async function rules(text: string): Promise<ReturnType<typeof configuredRules>> {
  const file = join(await temporaryFolder(), 'weir.yaml')
  await writeFile(file, text)
  return configuredRules((await loadConfig(realHost(), [file], [])).config)
}

const web = 'transforms:\n  web: {type: filter, from: [netflow], where: dst.port = 443}\n'
const once = '  once: {type: dedupe, from: [web], direction: ingress}\n'

test.each([
  ['', ['netflow', 'sflow']],
  [`${web}${once}store: {from: [once, sflow]}\n`, ['sflow']],
  [`${web}store: {from: [web]}\n`, []],
  ['transforms:\n  once: {type: dedupe, from: [netflow], by: [id]}\n', ['netflow', 'sflow']],
  ['transforms:\n  once: {type: dedupe, from: [netflow], by: [src_addr, dst_addr]}\n', ['sflow']],
])('sources of the store without a rule are searched: %j', async (text, expected) => {
  expect((await rules(text)).uncovered.toSorted()).toEqual(expected)
})

test('a rule is without effect on the store while the store has the flows before it', async () => {
  const { findings } = await rules(`${web}${once}`)
  expect(findings.map(({ status, fact }) => `${status}: ${fact}`)).toEqual([
    'warn: the store has the flows of netflow beside those of transform once: sums count them twice',
  ])
  expect((await rules(`${web}${once}store: {from: [once]}\n`)).findings).toEqual([])
})

const point = (exporter: string, flows: number, place = ''): Pair['one'] => ({ exporter, interface: place, flows })
const routers = { one: point('192.0.2.1', 50), other: point('192.0.2.2', 200), shared: 40, sampling: 1 }

test('two exporters of the same flows are named with their shares and a rule', () => {
  expect(pairFindings([routers])).toEqual([
    {
      check: 'repeated flows',
      status: 'warn',
      fact:
        'the same flows are reported by 192.0.2.1 (80 % of 50 flows) and 192.0.2.2 (20 % of 200 flows) of the last ' +
        '10 minutes: sums count them twice',
      advice:
        'Add a transform `dedupe` with `exporters: [192.0.2.1, 192.0.2.2]`, the preferred one first, and name it in ' +
        '`store.from`.',
    },
  ])
  expect(pairFindings([{ ...routers, sampling: 100 }])[0]?.advice).toMatch(/with `direction` or `interfaces`/)
})

test('few common flows are chance', () => {
  expect(pairFindings([{ ...routers, shared: 4 }])).toMatchObject([{ status: 'ok' }])
  expect(pairFindings([{ ...routers, one: point('192.0.2.1', 900), other: point('192.0.2.2', 901) }])).toMatchObject([
    { status: 'ok' },
  ])
})

test('of many pairs the first are listed', () => {
  expect(pairFindings(Array.from({ length: 8 }, () => routers)).at(-1)?.fact).toMatch(/^3 more pairs/)
})
