import { fieldsOf, textOf, type Fields } from '../../../src/model/json.ts'
import { key, list, type Counts } from './counts.ts'

/** As Weir states in its guide. */
function isPackage({ type, name, version, purl }: Fields): boolean {
  if (/^(?:operating-system|data|cryptographic-asset|device)$/.test(String(type))) return false
  if (/^(?:library|machine-learning-model|undefined)$/.test(String(type)) || textOf(purl) !== undefined) return true
  if (type === 'container' || type === 'file') return false
  return textOf(version) !== undefined || textOf(name) === undefined
}

function all(components: unknown): readonly Fields[] {
  return list(components).flatMap((record) => [record, ...all(record['components'])])
}

const isNamed = (record: Fields): boolean =>
  textOf(record['name']) !== undefined || textOf(record['purl']) !== undefined

/** Distinct flaws by reference; undefined without any, which is no search. */
function problems(document: Fields): number | undefined {
  const record = list(document['vulnerabilities']).filter(({ id }) => textOf(id) !== undefined)
  if (record.length === 0) return undefined
  const byRef = new Map(all(document['components']).map((entry) => [textOf(entry['bom-ref']), entry]))
  const places = record.flatMap(({ id, affects }) => {
    const refs = list(affects).map(({ ref }) => {
      const entry = byRef.get(textOf(ref)) ?? {}
      return key(id, textOf(entry['purl'])?.split('?')[0] ?? textOf(entry['name']) ?? ref, entry['version'])
    })
    return refs.length === 0 ? [key(id)] : refs
  })
  return new Set(places).size
}

export function countJson(document: Fields): Counts | undefined {
  if (document['bomFormat'] !== 'CycloneDX') return undefined
  const main = fieldsOf(fieldsOf(document['metadata'])['component'])
  const components = [...all(main['components']), ...all(document['components'])].filter(isPackage)
  const named = components.filter(isNamed)
  const vulnerabilities = list(document['vulnerabilities']).filter(({ id }) => textOf(id) === undefined)
  return {
    listed: 'components' in document || 'components' in main ? named.length : undefined,
    skipped: components.length - named.length + vulnerabilities.length,
    problems: problems(document),
  }
}

const element = /<(\/?)(?:\w+:)?([\w-]+)([^<>]*?)(\/?)>/g

/** By tags, without a tree: `components` below `bom`, below the main component and below other components. */
export function countXml(text: string): Counts | undefined {
  const plain = text.replaceAll(/<!\[CDATA\[.+?\]\]>/gs, '…').replaceAll(/<!--.*?-->|<\?.*?\?>/gs, '')
  if (!/<(?:\w+:)?bom[\s>]/.test(plain)) return undefined
  const path: string[] = []
  const open: Record<string, unknown>[] = []
  const record: Fields[] = []
  let isList = false
  let end = 0
  for (const match of plain.matchAll(element)) {
    const [tag, closes, name = '', attributes = '', isEmpty] = match
    const content = plain.slice(end, match.index).trim()
    end = match.index + tag.length
    if (closes === '/') {
      const entry = open.at(-1)
      if (path.at(-2) === 'component' && entry !== undefined) entry[name] = content
      path.pop()
      if (name === 'component' && entry?.['depth'] === path.length) open.pop()
      continue
    }
    const position = path.filter((candidate) => candidate !== 'component' && candidate !== 'components').join()
    const isComponent = position === 'bom' || (position === 'bom,metadata' && path.at(-1) === 'components')
    if (name === 'components' && (isComponent || path.join() === 'bom,metadata,component')) isList = true
    if (name === 'component' && isComponent) {
      const captured = { type: /\btype="([^"]*)"/.exec(attributes)?.[1], depth: path.length }
      record.push(captured)
      if (isEmpty !== '/') open.push(captured)
    }
    if (isEmpty !== '/') path.push(name)
  }
  const components = record.filter(isPackage)
  const named = components.filter(isNamed)
  return { listed: isList ? named.length : undefined, skipped: components.length - named.length }
}
