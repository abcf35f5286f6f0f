/** Profile `Security` of SPDX 3.0: vulnerabilities, their assessments by CVSS, and VEX. */
import type { WaiverData } from '../../model/image-insights.ts'
import { fieldsOf, withoutUndefined, textOf, type Fields } from '../../model/json.ts'
import { aliasesOf } from './aliases.ts'
import { clipped, distinctProblems, listOf, recordsOf, textsOf } from './collect.ts'
import { readPurl } from './purl.ts'
import type { Problem, Report } from './report.ts'
import { scoreOf, severityOf, worst } from './severity.ts'

type Flaw = Readonly<{ id: string; aliases: readonly string[] | undefined; element: Fields; ratings: Rating[] }>
type Rating = Readonly<{ word: string | undefined; score: number | undefined; version: string }>

const statuses: Readonly<Record<string, WaiverData['status']>> = {
  affects: 'affected',
  doesNotAffect: 'not_affected',
  fixedIn: 'fixed',
  underInvestigationFor: 'under_investigation',
}
/** A statement of these statuses ends a problem. */
const isNone = new Set<unknown>(['not_affected', 'fixed'])

/** Nothing if the document has no vulnerabilities: then none were searched for. */
export function readSpdx3Security(document: Fields): Pick<Report, 'problems' | 'waivers'> {
  const elements = recordsOf(document['@graph'] ?? [document])
  const byId = new Map(elements.map((element) => [spdxIdOf(element) ?? '', element]))
  const flaws = new Map(elements.flatMap((element) => flawOf(element)))
  if (flaws.size === 0) return {}
  const [found, waivers] = [new Map<string, readonly [flaw: string, target: string]>(), [] as WaiverData[]]
  const ended = new Set<string>()
  const add = (flaw: string, target: string): unknown => found.set(`${flaw}\n${target}`, [flaw, target])
  for (const relation of elements) {
    const type = textOf(relation['relationshipType'])
    const [from, to] = [refOf(relation['from']) ?? '', [relation['to']].flat().flatMap((value) => refOf(value) ?? [])]
    if (type === 'hasAssociatedVulnerability') for (const flaw of to) if (flaws.has(flaw)) add(flaw, from)
    const flaw = flaws.get(from)
    if (type === undefined || flaw === undefined) continue
    const assessed = refOf(relation['security_assessedElement'])
    const targets = [...new Set([...to, ...(assessed === undefined ? [] : [assessed])])]
    if (/Cvss\w*Relationship$/.test(spdxTypeOf(relation))) flaw.ratings.push(ratingOf(relation))
    const status = statuses[type]
    for (const target of targets) {
      if (!isNone.has(status)) add(from, target)
      else ended.add(`${from}\n${target}`)
      const purl = readPurl(purlOf(byId.get(target)))?.base
      if (status !== undefined && purl !== undefined) waivers.push(waiverOf(flaw, relation, status, purl))
    }
  }
  const problems = [...found].flatMap(([key, [flaw, target]]) =>
    ended.has(key) ? [] : [problemOf(flaws.get(flaw)!, byId.get(target) ?? {})],
  )
  return { problems: distinctProblems(problems), ...(waivers.length === 0 ? {} : { waivers }) }
}

const spdxTypeOf = (element: Fields): string => textOf(element['type'] ?? element['@type']) ?? ''
const spdxIdOf = (element: Fields): string | undefined => textOf(element['spdxId'] ?? element['@id'])
const refOf = (value: unknown): string | undefined => textOf(value) ?? spdxIdOf(fieldsOf(value))

function flawOf(element: Fields): (readonly [string, Flaw])[] {
  if (spdxTypeOf(element) !== 'security_Vulnerability') return []
  const identifiers = recordsOf(element['externalIdentifier']).flatMap((record) => textOf(record['identifier']) ?? [])
  const ids = [...new Set([textOf(element['name']), ...identifiers, spdxIdOf(element)?.split(/[/#]/).at(-1)])].filter(
    (text) => text !== undefined && text !== '',
  ) as string[]
  const id =
    ids.find((candidate) => /^CVE-\d/i.test(candidate)) ?? ids.find((candidate) => /^GHSA-/i.test(candidate)) ?? ids[0]
  if (id === undefined) return []
  return [[spdxIdOf(element) ?? id, { id, aliases: aliasesOf(id, ids), element, ratings: [] }]]
}

function ratingOf(relation: Fields): Rating {
  return {
    word: textOf(relation['security_severity']),
    score: scoreOf(relation['security_score']),
    version: spdxTypeOf(relation),
  }
}

/** The score is that of the newest version of CVSS. */
function problemOf({ id, aliases, element, ratings }: Flaw, target: Fields): Problem {
  const [newest] = ratings.toSorted((a, b) => b.version.localeCompare(a.version))
  const severities = ratings.map(({ word, score }) => severityOf(word, score))
  const purl = purlOf(target)
  return withoutUndefined<Problem>({
    id,
    aliases,
    severity: severities.length === 0 ? 'UNKNOWN' : worst(severities),
    score: newest?.score,
    package: textOf(target['name']),
    version: textOf(target['software_packageVersion']),
    type: readPurl(purl)?.type,
    purl,
    title: clipped(textOf(element['summary'])),
    description: clipped(textOf(element['description'])),
    links: textsOf(
      recordsOf(element['externalRef']).flatMap((record) => [...listOf(record['locator']), record['locator']]),
    ),
  })
}

function purlOf(element: Fields | undefined): string | undefined {
  const identifiers = recordsOf(element?.['externalIdentifier'])
  const identifier = identifiers.find((record) => /^packageUrl$/i.test(textOf(record['externalIdentifierType']) ?? ''))
  return textOf(element?.['software_packageUrl']) ?? textOf(identifier?.['identifier'])
}

function waiverOf({ id, aliases }: Flaw, relation: Fields, status: WaiverData['status'], purl: string): WaiverData {
  return withoutUndefined<WaiverData>({
    id,
    aliases,
    status,
    purl,
    // `vulnerableCodeNotPresent` is `vulnerable_code_not_present` of OpenVEX.
    justification: textOf(relation['security_justificationType'])?.replaceAll(
      /[A-Z]/g,
      (letter) => `_${letter.toLowerCase()}`,
    ),
    impact: clipped(textOf(relation['security_impactStatement'])),
    action: clipped(textOf(relation['security_actionStatement'])),
    document: spdxIdOf(relation)?.replace(/[/#][^/#]*$/, '') ?? 'spdx-3',
  })
}
