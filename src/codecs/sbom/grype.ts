/** Grype's JSON: matches of vulnerabilities. It lists no packages without problems. */
import { fieldsOf, withoutUndefined, textOf, type Fields } from '../../model/json.ts'
import { clipped, distinctProblems, recordsOf, textsOf } from './collect.ts'
import type { Problem, Report } from './report.ts'
import { scoreOf, severityOf } from './severity.ts'
import { distroFacts, sourceImage } from './syft.ts'

export function readGrype(document: Fields): Report {
  const descriptor = fieldsOf(document['descriptor'])
  const facts = distroFacts(fieldsOf(document['distro']))
  return withoutUndefined<Report>({
    format: 'grype-json',
    tool: withoutUndefined({ name: textOf(descriptor['name']) ?? 'grype', version: textOf(descriptor['version']) }),
    image: sourceImage(fieldsOf(document['source'])),
    facts: facts.length === 0 ? undefined : facts,
    problems: distinctProblems(directFirst(recordsOf(document['matches'])).flatMap(problemOf)),
  })
}

/** Of equal problems the first counts; a match by the source package has the fixed version of that one. */
function directFirst(matches: readonly Fields[]): readonly Fields[] {
  const isIndirect = (match: Fields): boolean =>
    recordsOf(match['matchDetails']).some(({ type }) => type === 'exact-indirect-match')
  return [...matches.filter((match) => !isIndirect(match)), ...matches.filter(isIndirect)]
}

function problemOf(match: Fields): Problem[] {
  const [vulnerability, artifact] = [fieldsOf(match['vulnerability']), fieldsOf(match['artifact'])]
  const related = recordsOf(match['relatedVulnerabilities'])
  const id = textOf(vulnerability['id'])
  if (id === undefined) return []
  const fix = fieldsOf(vulnerability['fix'])
  const score = [vulnerability, ...related].map(cvssOf).find((cvsse) => cvsse !== undefined)
  return [
    withoutUndefined<Problem>({
      id,
      aliases: textsOf(related.map((record) => record['id']).filter((value) => value !== id)),
      severity: severityOf(textOf(vulnerability['severity']), score),
      score,
      package: textOf(artifact['name']),
      version: textOf(artifact['version']),
      type: textOf(artifact['type']),
      purl: textOf(artifact['purl']),
      fixed: textsOf(fix['versions'])?.join(', '),
      state: textOf(fix['state']),
      description: clipped([vulnerability, ...related].map((record) => textOf(record['description'])).find(Boolean)),
      links: textsOf([vulnerability['dataSource'], ...related.map((record) => record['dataSource'])]),
    }),
  ]
}

/** The newest version of CVSS. */
function cvssOf(vulnerability: Fields): number | undefined {
  const ratings = recordsOf(vulnerability['cvss']).toSorted((a, b) =>
    (textOf(b['version']) ?? '').localeCompare(textOf(a['version']) ?? ''),
  )
  return scoreOf(fieldsOf(ratings[0]?.['metrics'])['baseScore'])
}
