import { fieldsOf, textOf, type Fields } from '../../../src/model/json.ts'
import { key, list, type Counts } from './counts.ts'

/** Distinct by flaw, package and version: a CVE and the GHSA that relates to it alone are one flaw. */
function countGrype(document: Fields): Counts | undefined {
  if (!Array.isArray(document['matches']) || !('descriptor' in document)) return undefined
  const problems = list(document['matches']).map(({ vulnerability, relatedVulnerabilities: related, artifact }) => {
    const { name, version, purl } = fieldsOf(artifact)
    const field = fieldsOf(vulnerability)['id']
    const [record, third] = list(related).filter(({ id }) => id !== field)
    return key(third === undefined ? (record?.['id'] ?? field) : field, name, version, textOf(purl)?.split('?')[0])
  })
  return { problems: new Set(problems).size }
}

function countTrivy(document: Fields): Counts | undefined {
  const results = list(document['Results'])
  if (!('SchemaVersion' in document)) return undefined
  const packages = results.flatMap((result) => list(result['Packages']))
  const isSearch = results.some(({ Vulnerabilities: value }) => Array.isArray(value))
  if (!isSearch && packages.length === 0) return undefined
  const problems = results.flatMap(({ Type: type, Vulnerabilities: value }) =>
    list(value).map((record) => key(record['VulnerabilityID'], record['PkgName'], record['InstalledVersion'], type)),
  )
  return {
    problems: isSearch ? new Set(problems).size : undefined,
    listed: packages.length > 0 ? packages.length : undefined,
  }
}

function countSyft(document: Fields): Counts | undefined {
  if (!Array.isArray(document['artifacts']) || !('schema' in document)) return undefined
  return { listed: list(document['artifacts']).filter(({ name }) => name !== '').length }
}

function countOperator(document: Fields): Counts | undefined {
  if (!/^(?:Cluster)?VulnerabilityReport$/.test(textOf(document['kind']) ?? '')) return undefined
  const results = list(fieldsOf(document['report'])['vulnerabilities'])
  return {
    problems: new Set(
      results.map((record) => key(record['vulnerabilityID'], record['resource'], record['installedVersion'])),
    ).size,
  }
}

/** A statement applies to each product, or to the parts of it. */
function countOpenVex(document: Fields): Counts | undefined {
  if (textOf(document['@context'])?.includes('openvex') !== true) return undefined
  const statements = list(document['statements'])
  const isNamed = ({ vulnerability, products }: Fields): boolean =>
    vulnerability !== undefined && /pkg:(?!oci\/[^@]*$)/.test(JSON.stringify(products ?? []))
  const products = statements
    .filter(isNamed)
    .flatMap(({ products: of }) => (Array.isArray(of) ? (of as unknown[]) : []))
  return {
    waivers: products.reduce<number>(
      (sum, product) => sum + Math.max(1, list(fieldsOf(product)['subcomponents']).length),
      0,
    ),
  }
}

const counters = [countGrype, countTrivy, countSyft, countOperator, countOpenVex]

export function countScan(document: Fields): Counts | undefined {
  return counters.map((count) => count(document)).find((counts) => counts !== undefined)
}
