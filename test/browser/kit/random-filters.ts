// Random filters for data set D with equivalent SQL, written independently of the compiler.
import type { SeededRandom } from '../../kit/random.ts'

export interface FilterCase {
  readonly filter: string
  /** True or false, never NULL. */
  readonly sql: string
}

const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`
/** An absent field equals nothing. */
const holds = (sql: string): string => `coalesce(${sql}, false)`

const namespaces = ['shop-prod', 'pay-dev', 'kube-system', 'search-stage', 'no-such']
const owners = ['web', 'api', 'dns', 'postgres', 'redis', 'node-07']
const ports = [53, 80, 443, 5432, 8080, 9092]
const amounts = ['0', '100', '1500', '10k', '1M'] as const
const amountOf = { 0: 0, 100: 100, 1500: 1500, '10k': 10_000, '1M': 1_000_000 } as const

function test(random: SeededRandom): FilterCase {
  const side = random.pick(['src', 'dst'] as const)
  switch (random.integer(0, 10)) {
    case 0: {
      const name = random.pick(namespaces)
      return { filter: `${side}.ns = ${name}`, sql: holds(`${side}_namespace = ${quoted(name)}`) }
    }
    case 1: {
      const name = random.pick(owners)
      return { filter: `${side}_owner_name != ${name}`, sql: `NOT ${holds(`${side}_owner_name = ${quoted(name)}`)}` }
    }
    case 2: {
      const some = [random.pick(ports), random.pick(ports)]
      return { filter: `${side}_port in (${some.join(', ')})`, sql: holds(`${side}_port IN (${some.join(', ')})`) }
    }
    case 3: {
      const port = random.pick(ports)
      return { filter: `any.port = ${port}`, sql: `(${holds(`src_port = ${port}`)} OR ${holds(`dst_port = ${port}`)})` }
    }
    case 4: {
      const [amount, operator] = [random.pick(amounts), random.pick(['>=', '<', '=', '>', '<='])]
      return { filter: `bytes ${operator} ${amount}`, sql: holds(`bytes ${operator} ${amountOf[amount]}`) }
    }
    case 5:
      return { filter: 'proto = udp', sql: holds('proto = 17') }
    case 6:
      return { filter: `exists(${side}_namespace)`, sql: `${side}_namespace IS NOT NULL` }
    case 7: {
      const ms = random.pick([0, 1, 175, 1000, 2500.5])
      return { filter: `dns_latency >= ${ms}`, sql: holds(`dns_latency >= ${ms}`) }
    }
    case 8:
      return { filter: `${side}.name = ${random.pick(['api-*', 'web-*'])}`, sql: '' }
    case 9: {
      const [ns, port] = [random.pick(namespaces), random.pick(ports)]
      const one = (end: string): string =>
        `(${holds(`${end}_namespace = ${quoted(ns)}`)} AND ${holds(`${end}_port = ${port}`)})`
      return { filter: `either(ns = ${ns} and port = ${port})`, sql: `(${one('src')} OR ${one('dst')})` }
    }
    default: {
      const packets = random.integer(0, 6)
      return { filter: `packets = ${packets}`, sql: holds(`packets = ${packets}`) }
    }
  }
}

function whole(filterCase: FilterCase): FilterCase {
  const wild = /^(src|dst)\.name = (\w+-)\*$/.exec(filterCase.filter)
  return wild === null
    ? filterCase
    : { ...filterCase, sql: holds(`starts_with(${wild[1]}_name, ${quoted(wild[2] ?? '')})`) }
}

export function randomFilter(random: SeededRandom, depth: number): FilterCase {
  if (depth === 0 || random.chance(0.15)) return whole(test(random))
  if (random.chance(0.25)) {
    const inner = randomFilter(random, depth - 1)
    return { filter: `not (${inner.filter})`, sql: `NOT (${inner.sql})` }
  }
  const parts = Array.from({ length: random.integer(2, 3) }, () => randomFilter(random, depth - 1))
  const word = random.pick(['and', 'or'] as const)
  return {
    filter: parts.map(({ filter }) => `(${filter})`).join(` ${word} `),
    sql: parts.map(({ sql }) => `(${sql})`).join(word === 'and' ? ' AND ' : ' OR '),
  }
}
