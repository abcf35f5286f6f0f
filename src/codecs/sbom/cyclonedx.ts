/** CycloneDX 1.2 to 1.7, as JSON or as its XML in the same shape. */
import type { ImageData } from '../../model/image-insights.ts'
import { fieldsOf, known, textOf, type Fields } from '../../model/json.ts'
import { clipped, distinctProblems, listOf, PackageList, recordsOf, textsOf } from './collect.ts'
import { digestIn, imageOfPurl, readImageName } from './image.ts'
import { decoded, packageName, readPurl } from './purl.ts'
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
  const byRef = new Map<string, Package>()
  const extended: Problem[] = []
  const visit = (components: readonly Fields[], depth: number): void => {
    if (depth > maxDepth) throw new ReportError('malformed', `Components are nested deeper than ${maxDepth} levels.`)
    for (const component of components) {
      if (component['type'] === 'operating-system')
        facts.push(...osFact(textOf(component['name']), textOf(component['version'])))
      else if (isPackage(component)) {
        const added = packages.add(packageOf(component))
        const ref = textOf(component['bom-ref'])
        if (added !== undefined && ref !== undefined) byRef.set(ref, added)
        if (added !== undefined) extended.push(...extensionOf(component, added))
      }
      visit(recordsOf(component['components']), depth + 1)
    }
  }
  // Programs in Go write null for an empty list.
  const hasComponents = Array.isArray(document['components']) || document['components'] === null
  visit(recordsOf(document['components']), 0)
  const vulnerabilities = document['vulnerabilities']
  const refs = new Map(byRef)
  const root = fieldsOf(metadata['component'])
  const rootRef = textOf(root['bom-ref'])
  const rootName = textOf(root['name'])
  if (rootRef !== undefined && rootName !== undefined && !refs.has(rootRef))
    refs.set(rootRef, known<Package>({ name: rootName, version: textOf(root['version']), purl: textOf(root['purl']) }))
  const tool = toolOf(metadata['tools'])
  return known<Report>({
    format,
    tool,
    image: imageOf(root),
    packages: hasComponents ? packages.packages : undefined,
    listed: hasComponents ? packages.listed : undefined,
    ...packages.skipped,
    facts: facts.length === 0 ? undefined : facts,
    problems:
      extended.length > 0 || isSearch(vulnerabilities, tool.name)
        ? distinctProblems([...recordsOf(vulnerabilities).flatMap((each) => problemsOf(each, refs)), ...extended])
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

/** Some tools list lock files and containers as applications without version. */
function isPackage(component: Fields): boolean {
  const type = textOf(component['type'])
  if (type === 'file' || type === 'operating-system' || type === 'data' || type === 'cryptographic-asset') return false
  if (type === 'library' || type === undefined) return true
  return textOf(component['purl']) !== undefined || (type !== 'container' && textOf(component['version']) !== undefined)
}

function packageOf(component: Fields): Parameters<PackageList['add']>[0] {
  const [group, name] = [textOf(component['group']), textOf(component['name'])]
  const properties = new Map(
    recordsOf(component['properties']).map((each) => [textOf(each['name']) ?? '', textOf(each['value'])]),
  )
  const locations = [...properties].flatMap(([key, value]) =>
    value !== undefined && (/^syft:location:\d+:path$/.test(key) || key === 'aquasecurity:trivy:FilePath')
      ? [value]
      : [],
  )
  const evidence = listOf(fieldsOf(component['evidence'])['occurrences']).flatMap(
    (each) => textOf(fieldsOf(each)['location']) ?? [],
  )
  return {
    name: group !== undefined && name !== undefined ? `${group}/${name}` : name,
    version: textOf(component['version']),
    type:
      properties.get('syft:package:type') ?? properties.get('aquasecurity:trivy:PkgType') ?? textOf(component['type']),
    purl: textOf(component['purl']),
    licenses: licensesOf(component['licenses']),
    cpes: textsOf(component['cpe']),
    locations: textsOf([...locations, ...evidence]),
  }
}

function licensesOf(value: unknown): readonly string[] | undefined {
  return textsOf(
    recordsOf(value).map((each) => {
      const license = fieldsOf(each['license'])
      return textOf(each['expression']) ?? textOf(license['id']) ?? textOf(license['name'])
    }),
  )
}

/** A list until 1.4, `components` since 1.5. */
function toolOf(tools: unknown): Report['tool'] {
  const components = Array.isArray(tools) ? tools : listOf(fieldsOf(tools)['components'])
  const [first = {}] = recordsOf(components)
  return known({ name: textOf(first['name']) ?? 'unknown', version: textOf(first['version']) })
}

function imageOf(root: Fields): Partial<ImageData> {
  const properties = recordsOf(root['properties'])
  const valuesOf = (name: string): readonly string[] =>
    properties.flatMap((each) => (textOf(each['name']) === name ? (textOf(each['value']) ?? []) : []))
  const fromPurl = imageOfPurl(textOf(root['purl']))
  const repoDigests = valuesOf('aquasecurity:trivy:RepoDigest')
  const digests = [
    fromPurl.digest,
    ...repoDigests.map(digestIn),
    digestIn(textOf(root['version'])),
    digestIn(textOf(root['name'])),
    ...recordsOf(root['hashes']).map((each) =>
      textOf(each['alg']) === 'SHA-256' && root['type'] === 'container'
        ? digestIn(`sha256:${textOf(each['content']) ?? ''}`)
        : undefined,
    ),
    ...valuesOf('aquasecurity:trivy:ImageID').map(digestIn),
  ].filter((each) => each !== undefined)
  const [digest, ...aliases] = [...new Set(digests)]
  const tags = textsOf(valuesOf('aquasecurity:trivy:RepoTag').map((each) => readImageName(each).tag))
  const name = textOf(root['name'])
  return known<Partial<ImageData>>({
    digest,
    aliases: aliases.length === 0 ? undefined : aliases,
    name: fromPurl.name ?? (root['type'] === 'container' ? name : undefined),
    tags,
  })
}

/** The extension for vulnerabilities of 1.1 to 1.3 has them below their component. */
function extensionOf(component: Fields, of: Package): readonly Problem[] {
  const own = '#'
  return recordsOf(component['vulnerabilities']).flatMap((each) =>
    problemsOf({ ...each, affects: [{ ref: own }] }, new Map([[own, of]])),
  )
}

function problemsOf(vulnerability: Fields, refs: ReadonlyMap<string, Package>): Problem[] {
  const id = textOf(vulnerability['id'])
  if (id === undefined) return []
  const ratings = recordsOf(vulnerability['ratings'])
  const score = bestScore(ratings)
  const words = ratings.flatMap((each) => textOf(each['severity']) ?? [])
  const analysis = fieldsOf(vulnerability['analysis'])
  const common = {
    id,
    aliases: textsOf(recordsOf(vulnerability['references']).map((each) => each['id'])),
    severity: words.length === 0 ? severityOf(undefined, score) : worst(words.map((word) => severityOf(word))),
    score,
    state: textOf(analysis['state']),
    description: clipped(textOf(vulnerability['description'])),
    links: textsOf([
      fieldsOf(vulnerability['source'])['url'],
      ...recordsOf(vulnerability['advisories']).map((each) => each['url']),
    ]),
  }
  // The extension of 1.1 to 1.3 names the component by an attribute.
  const { affects: given = [{ ref: vulnerability['ref'] }].filter(({ ref }) => textOf(ref) !== undefined) } =
    vulnerability
  const affects = recordsOf(given)
  if (affects.length === 0) return [known<Problem>(common)]
  return affects.map((affected) => {
    const ref = textOf(affected['ref'])
    const found = ref === undefined ? undefined : (refs.get(ref) ?? packageOfRef(ref))
    const fixed = recordsOf(affected['versions']).flatMap((each) =>
      each['status'] === 'unaffected' ? (textOf(each['version']) ?? []) : [],
    )
    return known<Problem>({
      ...common,
      fixed: fixed.length > 0 ? fixed.join(', ') : recommended(vulnerability, found?.name ?? ref),
      package: found?.name ?? ref,
      version: found?.version,
      type: found?.type,
      purl: found?.purl,
    })
  })
}

/** A package URL, also as the element of a BOM-Link to another document: `urn:cdx:…/1#pkg:npm/lib@1`. */
function packageOfRef(ref: string): Package | undefined {
  const element = ref.startsWith('urn:cdx:') ? ref.slice(ref.indexOf('#') + 1) : ref
  const purl = element.startsWith('pkg:') ? element : decoded(element)
  const url = readPurl(purl)
  return url === undefined
    ? undefined
    : known<Package>({
        name: packageName(url),
        version: url.version,
        type: url.type,
        purl,
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

const methods = ['CVSSv4', 'CVSSv31', 'CVSSv3', 'CVSSv2']

function bestScore(ratings: readonly Fields[]): number | undefined {
  for (const method of [...methods, undefined]) {
    for (const rating of ratings) {
      const score = scoreOf(fieldsOf(rating['score'])['base'] ?? rating['score'])
      if (score !== undefined && (method === undefined || rating['method'] === method)) return score
    }
  }
  return undefined
}
