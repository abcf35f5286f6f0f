/** CycloneDX 1.2 to 1.7, as JSON or as its XML in the same shape. */
import type { ImageData } from '../../model/image-insights.ts'
import { fieldsOf, withoutUndefined, textOf, type Fields } from '../../model/json.ts'
import {
  allSkipped,
  clipped,
  distinctProblems,
  listOf,
  nameIn,
  PackageList,
  recordsOf,
  textsOf,
  withoutId,
} from './collect.ts'
import { ComponentRefs } from './cyclonedx-refs.ts'
import { digestIn, imageOfPurl, readImageName } from './image.ts'
import { ReportError, type Fact, type Package, type Problem, type Report, type ReportFormat } from './report.ts'
import { scoreOf, severityOf, worst } from './severity.ts'

const maxDepth = 64

export function readCycloneDx(document: Fields, format: ReportFormat = 'cyclonedx-json'): Report {
  const version = textOf(document['specVersion'])
  if (version !== undefined && !version.startsWith('1.'))
    throw new ReportError('unknown-format', `CycloneDX ${version} is not supported; 1.2 to 1.7 are.`)
  const metadata = fieldsOf(document['metadata'])
  const packages = new PackageList()
  const facts: Fact[] = []
  const refs = new ComponentRefs()
  const extended: Problem[] = []
  const visit = (components: unknown, depth: number): void => {
    if (depth > maxDepth) throw new ReportError('malformed', `Components are nested deeper than ${maxDepth} levels.`)
    for (const component of listOf(components).map(fieldsOf)) {
      if (component['type'] === 'operating-system')
        facts.push(...osFact(textOf(component['name']), textOf(component['version'])))
      else if (isPackage(component)) {
        const added = packages.add(packageOf(component))
        if (added !== undefined) refs.add(nameIn(component, 'bom-ref'), added)
        if (added !== undefined) extended.push(...extensionOf(component, added))
      }
      visit(component['components'], depth + 1)
    }
  }
  // Programs in Go write null for an empty list.
  const root = fieldsOf(metadata['component'])
  const hasComponents = Array.isArray(document['components']) || document['components'] === null || 'components' in root
  visit(root['components'], 0)
  visit(document['components'], 0)
  const vulnerabilities = document['vulnerabilities']
  const [rootRef, rootName] = [textOf(root['bom-ref']), textOf(root['name'])]
  if (rootName !== undefined && !refs.has(rootRef))
    refs.add(
      rootRef,
      withoutUndefined<Package>({ name: rootName, version: textOf(root['version']), purl: textOf(root['purl']) }),
    )
  const tool = toolOf(metadata['tools'])
  return withoutUndefined<Report>({
    format,
    tool,
    image: imageOf(root),
    packages: hasComponents ? packages.packages : undefined,
    listed: hasComponents ? packages.listed : undefined,
    ...allSkipped(
      packages.skipped,
      withoutId(listOf(vulnerabilities), ({ id }) => id),
    ),
    facts: facts.length === 0 ? undefined : facts,
    problems:
      extended.length > 0 || isSearch(vulnerabilities, tool.name)
        ? distinctProblems([...recordsOf(vulnerabilities).flatMap((record) => problemsOf(record, refs)), ...extended])
        : undefined,
  })
}

/** Tools that write an empty list after a search only. Others, such as Trivy and cdxgen, have one in each document. */
const scanners = /^(?:grype|owasp dependency-track|dependency-track|osv-scanner|depscan|owasp-depscan)$/i

function isSearch(vulnerabilities: unknown, tool: string): boolean {
  return Array.isArray(vulnerabilities) && (vulnerabilities.length > 0 || scanners.test(tool))
}

export function osFact(name: string | undefined, version: string | undefined): Fact[] {
  if (name === undefined) return []
  return [{ name: 'os', value: version === undefined ? name : `${name} ${version}`, category: 'os' }]
}

const otherTypes = new Set(['operating-system', 'data', 'cryptographic-asset', 'device'])
const packageTypes = new Set(['library', 'machine-learning-model'])
const needsPurl = new Set(['file', 'container'])

/** Some tools list lock files and containers as applications without version. */
function isPackage(component: Fields): boolean {
  const type = textOf(component['type'])
  if (otherTypes.has(type ?? '')) return false
  if (type === undefined || packageTypes.has(type)) return true
  const [name, version, purl] = ['name', 'version', 'purl'].map((member) => textOf(component[member]))
  return purl !== undefined || (!needsPurl.has(type) && (version !== undefined || name === undefined))
}

function packageOf(component: Fields): Parameters<PackageList['add']>[0] {
  const [group, name] = [nameIn(component, 'group'), nameIn(component, 'name')]
  const properties = new Map(
    recordsOf(component['properties']).map((record) => [textOf(record['name']) ?? '', textOf(record['value'])]),
  )
  const locations = [...properties].flatMap(([key, value]) =>
    value !== undefined && (/^syft:location:\d+:path$/.test(key) || key === 'aquasecurity:trivy:FilePath')
      ? [value]
      : [],
  )
  const evidence = listOf(fieldsOf(component['evidence'])['occurrences']).flatMap(
    (value) => textOf(fieldsOf(value)['location']) ?? [],
  )
  return {
    name: group !== undefined && name !== undefined ? `${group}/${name}` : name,
    version: nameIn(component, 'version'),
    type:
      properties.get('syft:package:type') ?? properties.get('aquasecurity:trivy:PkgType') ?? textOf(component['type']),
    purl: nameIn(component, 'purl'),
    licenses: licensesOf(component['licenses']),
    cpes: textsOf(component['cpe']),
    locations: textsOf([...locations, ...evidence]),
  }
}

function licensesOf(value: unknown): readonly string[] | undefined {
  return textsOf(
    recordsOf(value).flatMap((record) => {
      const license = fieldsOf(record['license'])
      // XML of schema 1.0 repeats ids.
      return (
        [record['expression'], license['id'], license['name']].map(textsOf).find((texts) => texts !== undefined) ?? []
      )
    }),
  )
}

/** A list until 1.4, `components` since 1.5. */
function toolOf(tools: unknown): Report['tool'] {
  const components = Array.isArray(tools) ? tools : listOf(fieldsOf(tools)['components'])
  const [first = {}] = recordsOf(components)
  return withoutUndefined({ name: textOf(first['name']) ?? 'unknown', version: textOf(first['version']) })
}

function imageOf(root: Fields): Partial<ImageData> {
  const properties = recordsOf(root['properties'])
  const valuesOf = (name: string): readonly string[] =>
    properties.flatMap((property) => (textOf(property['name']) === name ? (textOf(property['value']) ?? []) : []))
  const fromPurl = imageOfPurl(textOf(root['purl']))
  const repoDigests = valuesOf('aquasecurity:trivy:RepoDigest')
  const digests = [
    fromPurl.digest,
    ...repoDigests.map(digestIn),
    digestIn(textOf(root['version'])),
    digestIn(textOf(root['name'])),
    ...recordsOf(root['hashes']).map((record) =>
      textOf(record['alg']) === 'SHA-256' && root['type'] === 'container'
        ? digestIn(`sha256:${textOf(record['content']) ?? ''}`)
        : undefined,
    ),
    ...valuesOf('aquasecurity:trivy:ImageID').map(digestIn),
  ].filter((text) => text !== undefined)
  const [digest, ...aliases] = [...new Set(digests)]
  const tags = textsOf(valuesOf('aquasecurity:trivy:RepoTag').map((text) => readImageName(text).tag))
  const name = textOf(root['name'])
  return withoutUndefined<Partial<ImageData>>({
    digest,
    aliases: aliases.length === 0 ? undefined : aliases,
    name: fromPurl.name ?? (root['type'] === 'container' ? name : undefined),
    tags,
  })
}

/** The extension for vulnerabilities of 1.1 to 1.3 has them below their component. */
function extensionOf(component: Fields, of: Package): readonly Problem[] {
  const own = '#'
  return recordsOf(component['vulnerabilities']).flatMap((record) =>
    problemsOf({ ...record, affects: [{ ref: own }] }, new ComponentRefs([[own, of]])),
  )
}

function problemsOf(vulnerability: Fields, refs: ComponentRefs): Problem[] {
  const id = textOf(vulnerability['id'])
  if (id === undefined) return []
  const ratings = recordsOf(vulnerability['ratings'])
  const score = bestScore(ratings)
  const words = ratings.flatMap((rating) => textOf(rating['severity']) ?? [])
  const analysis = fieldsOf(vulnerability['analysis'])
  const common = {
    id,
    aliases: textsOf(recordsOf(vulnerability['references']).map((record) => record['id'])),
    severity: words.length === 0 ? severityOf(undefined, score) : worst(words.map((word) => severityOf(word))),
    score,
    state: textOf(analysis['state']),
    description: clipped(textOf(vulnerability['description'])),
    links: textsOf([
      fieldsOf(vulnerability['source'])['url'],
      ...recordsOf(vulnerability['advisories']).map((record) => record['url']),
    ]),
  }
  // The extension of 1.1 to 1.3 names the component by an attribute.
  const { affects: given = [{ ref: vulnerability['ref'] }].filter(({ ref }) => textOf(ref) !== undefined) } =
    vulnerability
  const affects = recordsOf(given)
  if (affects.length === 0) return [withoutUndefined<Problem>(common)]
  return affects.map((affected) => {
    const ref = textOf(affected['ref'])
    const affectedPackage = refs.packageOf(ref, id)
    const fixed = recordsOf(affected['versions']).flatMap((record) =>
      record['status'] === 'unaffected' ? (textOf(record['version']) ?? []) : [],
    )
    return withoutUndefined<Problem>({
      ...common,
      fixed: fixed.length > 0 ? fixed.join(', ') : recommended(vulnerability, affectedPackage?.name ?? ref),
      package: affectedPackage?.name ?? ref,
      version: affectedPackage?.version,
      type: affectedPackage?.type,
      purl: affectedPackage?.purl,
    })
  })
}

/** The version in a recommendation such as `Upgrade openssl to version 1.1.1k-r0; Upgrade …`, or that is one. */
function recommended(vulnerability: Fields, name = ''): string | undefined {
  const text = textOf(vulnerability['recommendation'])
  if (/^v?\d[\w.+:~-]*(?:,\s*v?\d[\w.+:~-]*)*$/.test(text ?? '')) return text
  const sentences = (text ?? '').split(/;\s*/).flatMap((sentence) => {
    const [, of, version] = /^Upgrade (\S+) to version (\S+(?:,\s*\S+)*?)\.?$/i.exec(sentence.trim()) ?? []
    return of === undefined || version === undefined ? [] : [{ of, version }]
  })
  const about = sentences.find(({ of }) => of === name || name.endsWith(`/${of}`) || of.endsWith(`/${name}`))
  return (about ?? (sentences.length === 1 ? sentences[0] : undefined))?.version
}

/** Scores of other methods, such as OWASP, have other scales. */
const methods = ['CVSSv4', 'CVSSv31', 'CVSSv3', 'CVSSv2', undefined]

function bestScore(ratings: readonly Fields[]): number | undefined {
  return methods
    .flatMap((method) => ratings.filter((rating) => textOf(rating['method']) === method))
    .map((rating) => scoreOf(fieldsOf(rating['score'])['base'] ?? rating['score']))
    .find((score) => score !== undefined)
}
