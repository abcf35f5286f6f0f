/** Facts and problems that a workload posts. Pure. */
import { redactField } from '../../../codecs/redact/index.ts'
import { severityOf } from '../../../codecs/sbom/index.ts'
import type { DirectFact, DirectProblem } from '../../../model/insights.ts'
import { isRecord, type Fields } from '../../../model/json.ts'
import type { EnvironmentClaims } from '../../../net/lagoon-token.ts'

export const defaultSource = 'InsightsRemoteWebService'
const maxItems = 10_000
const maxText = 64 * 1024

/** `pointer`: JSON Pointer of the value. */
export class Unreadable extends Error {
  readonly status: 400 | 422
  readonly pointer: string

  constructor(pointer: string, message: string, status: 400 | 422 = 400) {
    super(pointer === '' ? message : `${pointer}: ${message}`)
    this.status = status
    this.pointer = pointer
  }
}

export interface DirectOptions {
  readonly strict: boolean
}

const factTexts = ['name', 'value', 'source', 'description', 'type', 'category', 'service'] as const

/** A list, or an object with `facts`. Throws Unreadable. */
export function factsOf(
  body: unknown,
  claims: EnvironmentClaims,
  { strict }: DirectOptions,
): Readonly<{ facts: readonly DirectFact[] | null; type: string }> {
  const { list, type } = listOf(body, { strict })
  const facts = list?.map((item, index): DirectFact => {
    const pointer = `${Array.isArray(body) ? '' : '/facts'}/${index}`
    const fields = itemOf(item, pointer)
    // Also those that the token replaces must be texts.
    for (const name of ['environment', 'projectName', 'environmentName']) textAt(fields, name, pointer)
    const [name, value, source, description, kind, category, service] = factTexts.map((factText) =>
      textAt(fields, factText, pointer),
    )
    return {
      environment: claims.environmentId,
      projectName: claims.projectName,
      environmentName: claims.environmentName,
      name: name ?? '',
      value: redactField(name ?? '', value ?? ''),
      source: source === undefined || source === '' ? defaultSource : source,
      description: description ?? '',
      type: kind ?? '',
      category: category ?? '',
      service: service ?? '',
    }
  })
  return { facts: facts ?? null, type }
}

/** insights-remote lets the body replace the type of the message. */
function listOf(
  body: unknown,
  { strict }: Readonly<{ strict: boolean }>,
): Readonly<{ list: readonly unknown[] | null; type: string }> {
  const type = 'direct.facts'
  if (body === null) return { list: null, type }
  if (Array.isArray(body)) return { list: limited(body), type }
  if (!isRecord(body)) throw new Unreadable('', 'the body is neither a list of facts nor an object with `facts`')
  const { facts, environment } = body
  if (environment !== undefined && environment !== null && !isInt(environment))
    throw new Unreadable('/environment', 'it must be an integer')
  const text = textAt(body, 'type', '')
  for (const name of ['projectName', 'environmentName']) textAt(body, name, '')
  if (facts !== undefined && facts !== null && !Array.isArray(facts))
    throw new Unreadable('/facts', 'it must be a list')
  return { list: Array.isArray(facts) ? limited(facts) : null, type: strict && text !== undefined ? text : type }
}

/** A list. Throws Unreadable. */
export function problemsOf(
  body: unknown,
  environment: number,
  { strict }: DirectOptions,
): readonly DirectProblem[] | null {
  if (body === null) return null
  if (!Array.isArray(body)) throw new Unreadable('', 'the body is no list of problems')
  return limited(body).map((item, index): DirectProblem => {
    const pointer = `/${index}`
    const fields = lowerCase(itemOf(item, pointer))
    const text = (name: string): string => textAt(fields, name.toLowerCase(), pointer, name) ?? ''
    const id = fields['environment']
    if (id !== undefined && id !== null && !isInt(id))
      throw new Unreadable(`${pointer}/environment`, 'it must be an integer')
    const given = fields['severityscore']
    if (given !== undefined && given !== null && typeof given !== 'number')
      throw new Unreadable(`${pointer}/severityScore`, 'it must be a number')
    const score = strict ? (given ?? 0) : scoreOf(given ?? 0)
    const source = text('source')
    return withoutEmpty({
      environment,
      identifier: text('identifier'),
      version: text('version'),
      fixedVersion: text('fixedVersion'),
      source: source === '' ? defaultSource : source,
      service: text('service'),
      data: text('data'),
      severity: strict ? text('severity') : severityOf(text('severity')),
      severityScore: score,
      associatedPackage: text('associatedPackage'),
      description: text('description'),
      links: text('links'),
    })
  })
}

/** A 32-bit integer; undefined for other texts. */
export function environmentNumber(id: string): number | undefined {
  if (!/^[+-]?\d{1,10}$/.test(id)) return undefined
  const number = Number(id)
  return number === (number | 0) ? number : undefined
}

const always = new Set(['environment', 'identifier', 'data'])

function withoutEmpty(problem: DirectProblem): DirectProblem {
  return Object.fromEntries(
    Object.entries(problem).filter(([name, value]) => always.has(name) || (value !== '' && value !== 0)),
  ) as unknown as DirectProblem
}

/** A CVSS score has 0 to 10. */
function scoreOf(score: number): number {
  return Math.min(1, Math.max(0, score > 1 ? Number((score / 10).toFixed(6)) : score))
}

function limited(list: readonly unknown[]): readonly unknown[] {
  if (list.length > maxItems) throw new Unreadable('', `the list has more than ${maxItems} items`, 422)
  return list
}

function itemOf(item: unknown, pointer: string): Fields {
  if (item === null) return {}
  if (!isRecord(item)) throw new Unreadable(pointer, 'it must be an object')
  return item
}

function textAt(fields: Fields, name: string, pointer: string, shown = name): string | undefined {
  const value = fields[name]
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'string') throw new Unreadable(`${pointer}/${shown}`, 'it must be a text')
  if (value.length > maxText) throw new Unreadable(`${pointer}/${shown}`, `it has more than ${maxText} characters`, 422)
  return value.isWellFormed() ? value : value.toWellFormed()
}

function isInt(value: unknown): boolean {
  return typeof value === 'number' && Number.isSafeInteger(value)
}

/** Go ignores the case of names here. */
function lowerCase(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name.toLowerCase(), value]))
}
