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
  return list(components).flatMap((one) => [one, ...all(one['components'])])
}

const isNamed = (one: Fields): boolean => textOf(one['name']) !== undefined || textOf(one['purl']) !== undefined

/** Distinct flaws by reference; undefined without any, which is no search. */
function problems(document: Fields): number | undefined {
  const found = list(document['vulnerabilities']).filter(({ id }) => textOf(id) !== undefined)
  if (found.length === 0) return undefined
  const byRef = new Map(all(document['components']).map((one) => [textOf(one['bom-ref']), one]))
  const places = found.flatMap(({ id, affects }) => {
    const refs = list(affects).map(({ ref }) => {
      const one = byRef.get(textOf(ref)) ?? {}
      return key(id, textOf(one['purl'])?.split('?')[0] ?? textOf(one['name']) ?? ref, one['version'])
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
  const found: Fields[] = []
  let isList = false
  let end = 0
  for (const match of plain.matchAll(element)) {
    const [tag, closes, name = '', attributes = '', isEmpty] = match
    const content = plain.slice(end, match.index).trim()
    end = match.index + tag.length
    if (closes === '/') {
      const one = open.at(-1)
      if (path.at(-2) === 'component' && one !== undefined) one[name] = content
      path.pop()
      if (name === 'component' && one?.['depth'] === path.length) open.pop()
      continue
    }
    const place = path.filter((each) => each !== 'component' && each !== 'components').join()
    const isComponent = place === 'bom' || (place === 'bom,metadata' && path.at(-1) === 'components')
    if (name === 'components' && (isComponent || path.join() === 'bom,metadata,component')) isList = true
    if (name === 'component' && isComponent) {
      const one = { type: /\btype="([^"]*)"/.exec(attributes)?.[1], depth: path.length }
      found.push(one)
      if (isEmpty !== '/') open.push(one)
    }
    if (isEmpty !== '/') path.push(name)
  }
  const components = found.filter(isPackage)
  const named = components.filter(isNamed)
  return { listed: isList ? named.length : undefined, skipped: components.length - named.length }
}
