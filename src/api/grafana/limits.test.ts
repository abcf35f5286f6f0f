import { expect, test } from 'vitest'
import { startStored } from '../testing/stored.ts'

const ranges = [
  '/loki/api/v1/query_range?query={family="log"}',
  '/loki/api/v1/labels?',
  '/loki/api/v1/label/family/values?',
  '/loki/api/v1/series?match[]={family="log"}',
  '/loki/api/v1/index/stats?query={family="log"}',
  '/loki/api/v1/index/volume?query={family="log"}',
  '/loki/api/v1/index/volume_range?query={family="log"}',
  '/loki/api/v1/detected_labels?',
  '/loki/api/v1/detected_fields?query={family="log"}',
  '/loki/api/v1/detected_field/a/values?query={family="log"}',
  '/prometheus/api/v1/query_range?query=up&step=15&start=0',
  '/prometheus/api/v1/labels?',
  '/prometheus/api/v1/label/a/values?',
  '/prometheus/api/v1/series?match[]=up',
]
const wrongTimes = [
  '1e999',
  '-1e999',
  '1e300',
  'NaN',
  'Infinity',
  'x',
  '\0',
  '9'.repeat(20),
  '9'.repeat(10_000),
  '0x10',
]

async function statuses(paths: readonly string[]): Promise<string[]> {
  const { url } = await startStored()
  const found: string[] = []
  for (const path of paths) {
    const answer = await fetch(url + path)
    found.push(`${answer.status} ${((await answer.json()) as { status?: string }).status}`)
  }
  return found
}

test('every operation of Loki and Prometheus refuses a time that is none, or beyond the year 9999', async () => {
  const paths = ranges.flatMap((path) =>
    ['start', 'end'].flatMap((name) =>
      wrongTimes.map((time) => `${path}&${name}=${encodeURIComponent(time)}`.replace('&start=0&start', '&start')),
    ),
  )
  const instants = ['/loki/api/v1/query?query=vector(1)', '/prometheus/api/v1/query?query=1'].flatMap((path) =>
    wrongTimes.map((time) => `${path}&time=${encodeURIComponent(time)}`),
  )
  const all = [...paths, ...instants]
  expect(new Set(await statuses(all))).toEqual(new Set(['400 error']))
})

test('the first of repeated times counts, and the ends of the range of the store are valid', async () => {
  const found = await statuses(
    ranges.flatMap((path) => [
      `${path}&end=253402300799&end=x`.replace('&start=0', '&start=253402300799'),
      `${path}&start=`,
    ]),
  )
  expect(found.filter((status) => !status.startsWith('200'))).toEqual(
    // Prometheus needs the start of a range.
    ['400 error'],
  )
})

test('a duration beyond that of Prometheus is an error, as is a step', async () => {
  const prometheus = '/prometheus/api/v1/query?query='
  const steps = (step: string): string[] => [
    `/prometheus/api/v1/query_range?query=up&start=0&end=1&step=${step}`,
    `/loki/api/v1/query_range?query=count_over_time({family="log"}[1s])&start=0&end=1&step=${step}`,
  ]
  const wrong = [
    ...['99999999999999999999y', '300y', '1e300', '200y200y'].flatMap((duration) => [
      `${prometheus}rate(m[${duration}])`,
      `${prometheus}m offset ${duration}`,
      `${prometheus}max_over_time(m[1m:${duration}])`,
    ]),
    `${prometheus}m @ 1e300`,
    `/loki/api/v1/query?query=rate({family="log"}[300y])`,
    ...['1e999', '-1', '0', '1e-9', 'x', '', '9999y']
      .flatMap(steps)
      .filter((path) => !path.includes('loki') || !path.endsWith('step=')),
  ]
  expect(new Set(await statuses(wrong.map(encodeURI)))).toEqual(new Set(['400 error']))
  expect(await statuses([`${prometheus}rate(m[100y])`, `${prometheus}m offset 290y`].map(encodeURI))).toEqual([
    '200 success',
    '200 success',
  ])
})

test('a query of 3,000 terms or 3,000 levels is an error with its reason, and one of 500 terms is valid', async () => {
  const { get } = await startStored()
  const ask = async (path: string, query: string): Promise<string> => {
    const { status, body } = await get(`../../${path}`, { query })
    return `${status} ${status === 200 ? '' : String(body['error'])}`.trim()
  }
  const chain = (count: number, term = '1'): string => Array.from({ length: count }, () => term).join('+')
  for (const path of ['prometheus/api/v1/query', 'loki/api/v1/query']) {
    expect(await ask(path, chain(3000))).toBe('400 the query has more than 500 operators')
    expect(await ask(path, `${'('.repeat(3000)}1${')'.repeat(3000)}`)).toBe('400 the query is nested too deeply')
    expect(await ask(path, chain(501))).toBe('200')
  }
  expect(await ask('prometheus/api/v1/query', `${'-'.repeat(20_000)}1`)).toBe('400 the query is nested too deeply')
  const filters = `{family="log"} | ${Array.from({ length: 3000 }, () => 'a="b"').join(' or ')}`
  expect(await ask('loki/api/v1/query_range', filters)).toBe('400 the query has more than 500 operators')
  expect(await ask('loki/api/v1/query_range', `${'('.repeat(3000)}{family="log"}${')'.repeat(3000)}`)).toBe(
    '400 the query is nested too deeply',
  )
})

test('a code point beyond Unicode is an error in a text, and no escape in the name of a label', async () => {
  const found = await statuses([
    `/prometheus/api/v1/query?query=${encodeURIComponent('{a="\\UFFFFFFFF"}')}`,
    `/prometheus/api/v1/query?query=${encodeURIComponent('{a="\\uD800"}')}`,
    '/prometheus/api/v1/label/U__ffffff_a/values',
  ])
  expect(found).toEqual(['400 error', '400 error', '200 success'])
})
